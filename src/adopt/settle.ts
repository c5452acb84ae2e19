/** Settles an interrupted adoption, or an interrupted undoing of one, from the journal and from what is there. */
import { z } from "zod"
import { letPulledGo } from "../app/pulled-names.ts"
import { begun, done, lastDetails, settleCapture } from "../backup/settle.ts"
import { isHoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Settlement } from "../operation/operation.ts"
import type { OperationRecord } from "../operation/ports.ts"
import { syncPoints, type SealedPoint } from "../recovery-point/recovery-point.ts"
import { gateAdopted } from "./apply.ts"
import { dropStaged, startAnew } from "./change.ts"
import { goBack } from "./go-back.ts"
import type { AdoptSubject, AdoptTools } from "./ports.ts"
import { preparedFromJson, type Prepared } from "./prepared.ts"
import { verifyAdopted } from "./verify-adopted.ts"

/**
 * Before the app was started on its new image (`recreate`), everything goes back; from there it goes forward, and back only if the app
 * is not well.
 */
export async function settleAdopt(
  tools: AdoptTools,
  subject: AdoptSubject,
  operation: OperationRecord,
  base: RunContext,
): Promise<Settlement> {
  const settlement = await settleByJournal(tools, subject, operation, base)
  await letPulledGo(tools, operation.id, base)
  return settlement
}

async function settleByJournal(
  tools: AdoptTools,
  subject: AdoptSubject,
  operation: OperationRecord,
  base: RunContext,
): Promise<Settlement> {
  await settleCapture(tools, subject.app, subject.vault, operation, base)
  const details = lastDetails(operation.steps, "prepare")
  if (details === null) return { outcome: "failed", message: "interrupted before anything was changed" }
  const prepared = preparedFromJson(details)
  if (done(operation.steps, "keep")) return { outcome: "succeeded", message: `interrupted at the very end; ${prepared.to} is adopted` }
  // Names of databases that come back are made from the operation's id.
  const ctx = { ...base, operationId: operation.id }
  const cold = await coldPointOf(tools, subject, operation, ctx)
  const goesBack =
    !begun(operation.steps, "recreate") || begun(operation.steps, "put-back") || (await tools.store.value(backKey(operation))) !== null
  if (!goesBack) return await goForward(tools, subject, prepared, cold, operation, ctx)
  await goBack(tools, subject, prepared, cold, ctx)
  return { outcome: "failed", message: "interrupted; files, secrets and services are as they were before, the app runs" }
}

async function goForward(
  tools: AdoptTools,
  subject: AdoptSubject,
  prepared: Prepared,
  cold: SealedPoint | null,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<Settlement> {
  const { app } = subject
  try {
    await startAnew(tools, app, prepared, ctx)
    await gateAdopted(tools, app, prepared, ctx)
    const managed = app.recipe?.managedUpdates
    if (managed !== undefined && prepared.beside.length > 0) await verifyAdopted(tools, app, managed, ctx)
  } catch (thrown) {
    if (!isHoldfastError(thrown) || ctx.signal.aborted) throw thrown
    await tools.store.setValue(backKey(operation), messageOf(thrown))
    await goBack(tools, subject, prepared, cold, ctx)
    return { outcome: "failed", message: `interrupted; the app was not well (${messageOf(thrown)}) and everything was put back` }
  }
  await dropStaged(prepared)
  return { outcome: "succeeded", message: `interrupted, then finished: ${prepared.to} is adopted and the app is well` }
}

/** Set before settling goes back: a second settling must not go forward again from half of each. */
function backKey(operation: OperationRecord): string {
  return `adopt-goes-back:${operation.id}`
}

const sealedSchema = z.object({ point: z.string() })

/** The point of the stopped app: the second that this operation sealed. */
export async function coldPointOf(
  tools: AdoptTools,
  { app, vault }: AdoptSubject,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<SealedPoint | null> {
  const [, cold] = await pointsOf(tools, { app, vault }, operation, ctx)
  return cold ?? null
}

/** What the operation sealed, in order; found in the vault, because a crash may come between the seal and its record. */
export async function pointsOf(
  tools: AdoptTools,
  { app, vault }: Pick<AdoptSubject, "app" | "vault">,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<readonly SealedPoint[]> {
  const named = operation.steps.flatMap(({ name, details }) => (name === "seal" ? [sealedSchema.parse(details).point] : []))
  const points = await syncPoints(vault, tools.store, app.name, ctx)
  return named.flatMap((id) => points.filter((point) => point.manifest.id === id))
}
