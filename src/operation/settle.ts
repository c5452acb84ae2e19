import { HoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { counted } from "../base/units.ts"
import { abortReason } from "./lease-watch.ts"
import type { OperationTools, Settlement, Settler } from "./operation.ts"
import type { ContextBase } from "./run-operation.ts"
import type { OperationKind, OperationRecord } from "./ports.ts"
import { isUnderWay } from "./under-way.ts"

export type Settlers = Readonly<Partial<Record<OperationKind, Settler>>>

export interface SettledOperation extends Settlement {
  readonly operation: OperationRecord
}

/** So many crashes or failures of one settlement, then a person is needed; it is never tried for ever (F4). */
export const MAX_SETTLE_ATTEMPTS = 5

/**
 * Finishes or undoes every run of `app` (all apps when null) that nobody works on any more: its process is proven dead, or lives and
 * gave the lease back with the run unfinished, as a service does whose clean-up failed. Repeatable: it may itself be
 * killed at any moment and is then done again. Runs that are under way are left alone.
 * Throws OPERATION_UNSETTLED when a kind has no settler, or after five attempts; the app then stays as it is until
 * the written steps are done and `holdfast operations settle ID` asks again.
 */
export async function settleInterrupted(
  tools: OperationTools,
  settlers: Settlers,
  app: string | null,
  base: ContextBase,
): Promise<readonly SettledOperation[]> {
  const unfinished = await tools.store.operations({ unfinished: true, ...(app === null ? {} : { app }) })
  const settled: SettledOperation[] = []
  // Oldest first, as they happened.
  for (const operation of unfinished.toReversed()) {
    if (await isUnderWay(tools, operation)) continue
    const settlement = await settleOne(tools, settlers, operation, { ...base, operationId: operation.id })
    if (settlement) settled.push({ operation, ...settlement })
  }
  // Killed between taking the lease and recording the run, or between the run's end and giving it back.
  await tools.store.dropDeadLeases()
  return settled
}

/** Lets a person ask for another round of attempts, after having done the written steps. */
export async function resetSettleAttempts(tools: OperationTools, operationId: string): Promise<void> {
  await tools.store.setValue(attemptsKey(operationId), "0")
}

async function settleOne(
  tools: OperationTools,
  settlers: Settlers,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<Settlement | null> {
  const lease = await tools.store.acquireLease(operation.app, operation.id, tools.host.self(`settling of ${operation.holder.command}`))
  // Another living process settles it, or works on the app: that is not ours to disturb.
  if (!lease.acquired) return null
  try {
    const now = await tools.store.operation(operation.id)
    if (now === null || now.finishedAt !== null) return null
    const settlement = await attempt(tools, settlers, now, ctx)
    const { outcome, message } = settlement
    await tools.store.finishOperation(now.id, { finishedAt: ctx.clock.now(), outcome, errorCode: "INTERRUPTED", message, result: null })
    return settlement
  } finally {
    await tools.store.releaseLease(operation.app, operation.id)
  }
}

async function attempt(tools: OperationTools, settlers: Settlers, operation: OperationRecord, ctx: RunContext): Promise<Settlement> {
  const settler = settlers[operation.kind]
  if (!settler) throw unsettled(operation, `this program cannot settle a ${operation.kind}`, undefined)
  const attempts = Number((await tools.store.value(attemptsKey(operation.id))) ?? "0")
  if (attempts >= MAX_SETTLE_ATTEMPTS) throw unsettled(operation, `settling it was tried ${counted(attempts, "time")}`, undefined)
  // Counted before it is tried, so that a crash of the settling counts as well.
  await tools.store.setValue(attemptsKey(operation.id), String(attempts + 1))
  ctx.progress.note(`settling operation ${operation.id} (${operation.kind} of ${operation.app}), which was interrupted`)
  try {
    return await settler(operation, ctx)
  } catch (thrown) {
    if (!ctx.signal.aborted) throw unsettled(operation, messageOf(thrown), thrown)
    // Stopped on request: not a failed attempt.
    await tools.store.setValue(attemptsKey(operation.id), String(attempts))
    throw abortReason(ctx.signal, operation.id)
  }
}

function attemptsKey(operationId: string): string {
  return `settle-attempts:${operationId}`
}

function unsettled(operation: OperationRecord, why: string, cause: unknown): HoldfastError {
  const last = operation.steps.at(-1)
  const where = last ? `, interrupted in step \`${last.name}\`` : ""
  return new HoldfastError("OPERATION_UNSETTLED", {
    what: `operation ${operation.id} (${operation.kind} of ${operation.app}) cannot be settled`,
    why: `${why}${where}`,
    hint: `Run \`holdfast operations show ${operation.id}\` to see its steps, put right what is named above, then run \`holdfast operations settle ${operation.id}\`.`,
    cause,
    details: { operationId: operation.id },
  })
}
