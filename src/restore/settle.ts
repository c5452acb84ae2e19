import { z } from "zod"
import type { App } from "../app/app.ts"
import { standstillFromJson, type Standstill } from "../app/standstill.ts"
import { begun, done, lastDetails, settleCapture } from "../backup/settle.ts"
import { isHoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Settlement } from "../operation/operation.ts"
import type { OperationRecord } from "../operation/ports.ts"
import type { OpenVault } from "../vault/vault.ts"
import { gateLive } from "./gate-live.ts"
import { recordKept } from "./kept.ts"
import type { RestoreTools } from "./ports.ts"
import { drop, replacementsFromJson, type Replacement } from "./replacement.ts"
import { dropRestored, RESCUE_KEEP_MS, startAgain, swapAllBack } from "./in-place.ts"
import { takeUndoBack } from "./take-undo-back.ts"

const preparedSchema = z.object({ point: z.string(), replacements: z.json(), standstill: z.json(), wellBefore: z.boolean() })

interface Prepared {
  readonly point: string
  readonly replacements: readonly Replacement[]
  readonly standstill: Standstill
  readonly wellBefore: boolean
}

/**
 * Settles an interrupted undo the same way, with one difference: what it swaps in is the kept state, which is never dropped here.
 */
export async function settleUndo(
  tools: RestoreTools,
  app: App,
  vault: OpenVault,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<Settlement> {
  await settleCapture(tools, app, vault, operation, ctx)
  const prepared = preparedOf(operation)
  if (prepared === null) return { outcome: "failed", message: "interrupted before anything was changed" }
  const { replacements, standstill } = prepared
  if (!begun(operation.steps, "swap")) {
    await startAgain(tools, app, standstill, false, ctx)
    return { outcome: "failed", message: "interrupted before the swap; the app runs, the kept state is still kept" }
  }
  if (!begun(operation.steps, "start") || begun(operation.steps, "swap-back")) {
    await takeUndoBack(tools, app, replacements, standstill, ctx)
    return { outcome: "failed", message: "interrupted in the swap; the app runs as before the undo, the kept state is still kept" }
  }
  await startAgain(tools, app, standstill, true, ctx)
  for (const replacement of replacements) await drop(tools, app, replacement, "kept", ctx)
  await releaseUndone(tools, app, operation, ctx)
  return { outcome: "succeeded", message: "interrupted after the swap; the undo is complete" }
}

async function releaseUndone(tools: RestoreTools, app: App, operation: OperationRecord, ctx: RunContext): Promise<void> {
  const { undoes } = z.object({ undoes: z.string() }).parse(operation.plan)
  const record = (await tools.store.kept(app.name)).find((kept) => kept.operationId === undoes)
  if (record !== undefined) await tools.store.putKept({ ...record, releasedAt: ctx.clock.now() })
}

/**
 * Settles an interrupted restore. Before the last swap was made: back to the old state. After it (`start` was journaled): forward,
 * through the gate, and back only if the gate says no. Decided from the journal and from what is there, never from memory.
 */
export async function settleRestore(
  tools: RestoreTools,
  app: App,
  vault: OpenVault,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<Settlement> {
  await settleCapture(tools, app, vault, operation, ctx)
  if (begun(operation.steps, "restore-beside")) return { outcome: "failed", message: leftBeside(operation) }
  const prepared = preparedOf(operation)
  if (prepared === null) return { outcome: "failed", message: "interrupted before anything was changed" }
  if (!begun(operation.steps, "swap")) return await undoStaging(tools, app, prepared, ctx)
  const back =
    !begun(operation.steps, "start") || begun(operation.steps, "swap-back") || (await tools.store.value(backKey(operation))) !== null
  if (back) return await goBack(tools, app, prepared, ctx)
  if (done(operation.steps, "keep")) return { outcome: "succeeded", message: `interrupted at the very end; ${prepared.point} is restored` }
  return await goForward(tools, app, vault, prepared, operation, ctx)
}

const besideSchema = z.object({ staged: z.string() })
const intoSchema = z.object({ into: z.object({ host: z.string().nullable(), port: z.number() }) })

/** The way into another server was typed and is not kept, so what was half made there is named instead of dropped. */
function leftBeside(operation: OperationRecord): string {
  const { staged } = besideSchema.parse(lastDetails(operation.steps, "restore-beside"))
  const { host, port } = intoSchema.parse(operation.plan).into
  return `interrupted; nothing live was touched. If it is there, drop the half-made database: DROP DATABASE "${staged}" on ${host ?? "localhost"}:${port}`
}

/** Set before settling swaps back what the gate refused: a second settling must not go forward again from half of each state. */
function backKey(operation: OperationRecord): string {
  return `restore-goes-back:${operation.id}`
}

const sealedSchema = z.object({ point: z.string() })

/** The safety point, if it was sealed before the crash. */
function safetyPointOf(operation: OperationRecord): string | null {
  const sealed = operation.steps.findLast((step) => step.name === "seal" && step.state === "done")
  return sealed === undefined ? null : sealedSchema.parse(sealed.result).point
}

function preparedOf(operation: OperationRecord): Prepared | null {
  const details = lastDetails(operation.steps, "prepare")
  if (details === null) return null
  const { point, replacements, standstill, wellBefore } = preparedSchema.parse(details)
  return { point, wellBefore, replacements: replacementsFromJson(replacements), standstill: standstillFromJson(standstill) }
}

async function undoStaging(tools: RestoreTools, app: App, prepared: Prepared, ctx: RunContext): Promise<Settlement> {
  await dropRestored(tools, app, prepared.replacements, ctx)
  await startAgain(tools, app, prepared.standstill, false, ctx)
  return { outcome: "failed", message: "interrupted before the swap; the app runs in its old state" }
}

async function goBack(tools: RestoreTools, app: App, prepared: Prepared, ctx: RunContext): Promise<Settlement> {
  await swapAllBack(tools, app, prepared.replacements, prepared.standstill, ctx)
  await dropRestored(tools, app, prepared.replacements, ctx)
  return { outcome: "failed", message: "interrupted in the swap; everything was swapped back, the app runs in its old state" }
}

async function goForward(
  tools: RestoreTools,
  app: App,
  vault: OpenVault,
  prepared: Prepared,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<Settlement> {
  try {
    await startAgain(tools, app, prepared.standstill, true, ctx)
    await gateLive(tools, app, prepared.standstill.rested, ctx)
  } catch (thrown) {
    if (!isHoldfastError(thrown) || ctx.signal.aborted) throw thrown
    await tools.store.setValue(backKey(operation), messageOf(thrown))
    await swapAllBack(tools, app, prepared.replacements, prepared.standstill, ctx)
    await dropRestored(tools, app, prepared.replacements, ctx)
    return {
      outcome: "failed",
      message: `interrupted after the swap; the app was not well (${messageOf(thrown)}) and everything was swapped back`,
    }
  }
  const { point, replacements, standstill, wellBefore } = prepared
  const kept = { point, replacements, standstill, wellBefore, safetyPoint: safetyPointOf(operation) }
  const keptUntil = new Date(ctx.clock.now().getTime() + keepMs(operation))
  await recordKept(tools, vault, app, kept, keptUntil, { ...ctx, operationId: operation.id })
  return { outcome: "succeeded", message: `interrupted after the swap; ${prepared.point} is restored and the app is well` }
}

const planSchema = z.object({ keptForMs: z.number() })

/** As long as the restore itself would have kept it. */
function keepMs(operation: OperationRecord): number {
  const { keptForMs } = planSchema.parse(operation.plan)
  return safetyPointOf(operation) === null ? Math.max(RESCUE_KEEP_MS, keptForMs) : keptForMs
}
