/** Finishes or takes back updates and rollbacks that were interrupted. Repeatable: each of them may itself be killed at any moment. */
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { z } from "zod"
import type { App } from "../app/app.ts"
import { letPulledGo } from "../app/pulled-names.ts"
import { begun, settleCapture } from "../backup/settle.ts"
import { HoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { counted } from "../base/units.ts"
import type { Settlement } from "../operation/operation.ts"
import type { OperationRecord, StepRecord } from "../operation/ports.ts"
import type { OpenVault } from "../vault/vault.ts"
import { startNew } from "./bring-up.ts"
import { removeCopies } from "./place/edited-model.ts"
import { goBack, rowsSetAside, type GoingBack, type RowsBeside } from "./go-back.ts"
import { gateNew } from "./go-live.ts"
import { hasGoneBack, keepReplaced, keepSetAside } from "./keep.ts"
import type { UpdateTools } from "./ports.ts"
import { keptUpdateFromJson, preparedIn, treesBeforeIn, type Prepared } from "./prepared.ts"
import { putBackStopped, putBackUnpinned } from "./put-back.ts"
import { wayOf } from "./settlement.ts"

/** Settles an interrupted update: to the old version or to the new one, never to something between. */
export async function settleUpdate(
  tools: UpdateTools,
  app: App,
  vault: OpenVault,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<Settlement> {
  const settlement = await settleByJournal(tools, app, vault, operation, ctx)
  if (app.compose !== null) await letPulledGo(tools, operation.id, ctx)
  return settlement
}

async function settleByJournal(
  tools: UpdateTools,
  app: App,
  vault: OpenVault,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<Settlement> {
  await settleCapture(tools, app, vault, operation, ctx)
  await rm(join(tools.scratchDirectory, operation.id), { recursive: true, force: true })
  if (app.compose !== null) await removeCopies(app.compose, operation.id)
  const prepared = preparedIn(operation.steps)
  if (prepared === null) return { outcome: "failed", message: "interrupted before anything was changed" }
  const way = wayOf(operation.steps, (await tools.store.value(backKey(operation))) !== null)
  if (way === "done") return { outcome: "succeeded", message: doneMessage(prepared, operation) }
  if (way === "forward") return await goForward(tools, app, vault, prepared, operation, ctx)
  if (way === "back") return await backFrom(tools, app, vault, prepared, operation, "interrupted", ctx)
  if (way === "unpin") await putBackUnpinned(tools, app, prepared, ctx)
  else await putBackStopped(tools, app, prepared, ctx)
  return { outcome: "failed", message: `interrupted before ${prepared.to} was started; ${app.name} runs as before` }
}

/** Set before settling goes back: a second settling must not go forward again from half of each. */
function backKey(operation: OperationRecord): string {
  return `update-goes-back:${operation.id}`
}

function doneMessage(prepared: Prepared, operation: OperationRecord): string {
  const sealed = operation.steps.some((step) => step.name === "seal-safety" && step.state === "done")
  const copies = sealed ? "" : "; its safety point was not sealed, so the copies beside are kept until you release them"
  return `interrupted at the end; ${prepared.to} runs${copies}`
}

const planSchema = z.object({
  rollbackWindowMs: z.number(),
  to: z.object({ version: z.string(), foundIn: z.enum(["manifest", "registry", "git", "directories", "given"]) }),
})

async function goForward(
  tools: UpdateTools,
  app: App,
  vault: OpenVault,
  prepared: Prepared,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<Settlement> {
  const plan = planSchema.parse(operation.plan)
  try {
    await startNew(tools, app, prepared, ctx)
    await gateNew(tools, { app, prepared, release: plan.to }, ctx)
  } catch (thrown) {
    if (ctx.signal.aborted) throw thrown
    return await backFrom(tools, app, vault, prepared, operation, reasonOf(thrown), ctx)
  }
  const keptUntil = new Date(ctx.clock.now().getTime() + plan.rollbackWindowMs)
  const place = { app, vault, prepared, trees: treesBeforeIn(operation.steps) }
  await keepReplaced(tools, place, null, keptUntil, { ...ctx, operationId: operation.id })
  return {
    outcome: "succeeded",
    message: `interrupted after the start; ${prepared.to} runs and is well. Its safety point was not sealed: the copies beside are kept until you release them`,
  }
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof HoldfastError && thrown.why !== undefined ? `${thrown.message}: ${thrown.why}` : messageOf(thrown)
}

async function backFrom(
  tools: UpdateTools,
  app: App,
  vault: OpenVault,
  prepared: Prepared,
  operation: OperationRecord,
  why: string,
  ctx: RunContext,
): Promise<Settlement> {
  await tools.store.setValue(backKey(operation), why)
  const { rollbackWindowMs } = planSchema.parse(operation.plan)
  const back = { app, vault, prepared, trees: treesBeforeIn(operation.steps) }
  const beside = await finishBack(tools, back, operation.id, rollbackWindowMs, ctx)
  const runs = `${app.name} runs ${prepared.from ?? "the version before"}`
  return { outcome: "failed", message: `${prepared.to} was taken back (${why}); ${runs}${beside}` }
}

/** Says what the new version had written, which is kept beside; nothing where nothing was counted. */
async function finishBack(tools: UpdateTools, back: GoingBack, updateId: string, windowMs: number, ctx: RunContext): Promise<string> {
  let rows: readonly RowsBeside[] = []
  if (!(await hasGoneBack(tools, updateId))) {
    const went = await goBack(tools, back, async (_name, _details, action) => await action(), ctx)
    rows = await rowsSetAside(tools, back.app, back.prepared, went, ctx)
  }
  const keptUntil = new Date(ctx.clock.now().getTime() + windowMs)
  await keepSetAside(tools, back, updateId, keptUntil, ctx)
  if (rows.length === 0) return ""
  return `; kept beside: ${rows.map(({ database, table, rows: count }) => `${counted(count, "row")} of ${database}.${table}`).join(", ")}`
}

const rollbackSchema = z.object({ kept: z.json(), undoes: z.string(), windowMs: z.number() })

/** Settles an interrupted rollback: what was begun is finished, what was not begun has changed nothing. */
export async function settleRollback(
  tools: UpdateTools,
  app: App,
  vault: OpenVault,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<Settlement> {
  await settleCapture(tools, app, vault, operation, ctx)
  await rm(join(tools.scratchDirectory, operation.id), { recursive: true, force: true })
  const details = preparedDetails(operation.steps)
  if (details === null || !begun(operation.steps, "roll-back"))
    return { outcome: "failed", message: "interrupted before anything was changed" }
  const { kept, undoes, windowMs } = rollbackSchema.parse(details)
  const { prepared, trees } = keptUpdateFromJson(kept)
  const beside = await finishBack(tools, { app, vault, prepared, trees }, undoes, windowMs, ctx)
  const runs = `${app.name} runs ${prepared.from ?? "the version before"} again`
  return { outcome: "succeeded", message: `interrupted, then finished: ${runs}${beside}` }
}

function preparedDetails(steps: readonly StepRecord[]): StepRecord["details"] {
  return steps.findLast((step) => step.name === "prepare")?.details ?? null
}
