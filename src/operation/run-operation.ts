import type { Json } from "../base/canonical-json.ts"
import { HoldfastError, messageOf } from "../base/errors.ts"
import { newOperationId } from "../base/ids.ts"
import type { RunContext } from "../base/run-context.ts"
import { formatDuration } from "../base/units.ts"
import { openJournal, type Journal, type StepTable } from "./journal.ts"
import { abortReason, watchLease } from "./lease-watch.ts"
import type { OperationEnd, OperationRequest, OperationTools } from "./operation.ts"
import type { Holder, OperationOutcome, OperationRecord } from "./ports.ts"
import { isUnderWay } from "./under-way.ts"

/** A run context before its operation has an id. */
export type ContextBase = Omit<RunContext, "operationId"> & {
  readonly operationId?: string
  /** Told as soon as the operation is recorded, for whoever shows it while it runs. */
  readonly onRecorded?: (operation: Pick<OperationRecord, "id" | "kind" | "app">) => void
}

export interface OperationRun<Result> extends OperationEnd<Result> {
  readonly operationId: string
}

export type OperationBody<Steps extends StepTable, Result> = (journal: Journal<Steps>, ctx: RunContext) => Promise<OperationEnd<Result>>

/**
 * Runs one operation: takes the app's lease, records the run, gives the body its journal and a signal that ends with the
 * lease, and records exactly one end, whatever happens. SIGINT is the caller's: it aborts `base.signal`.
 *
 * The lease belongs to the process, not to a clock: a process that was paused for an hour still holds it, because it
 * still exists and nobody took over; only a process that is proven dead loses it. Each step asks again before it writes.
 *
 * Throws OPERATION_BUSY (naming the holder) at once when another process works on the app, OPERATION_UNSETTLED when an
 * earlier run of the app was interrupted and is not settled, and whatever the body throws.
 */
export async function runOperation<Steps extends StepTable, Result>(
  tools: OperationTools,
  request: OperationRequest<Steps>,
  base: ContextBase,
  body: OperationBody<Steps, Result>,
): Promise<OperationRun<Result>> {
  base.signal.throwIfAborted()
  const operationId = newOperationId(base.clock.now())
  const holder = tools.host.self(request.command)
  await takeLease(tools, request.app, operationId, holder, base)
  try {
    await refuseUnsettled(tools, request.app)
    const { kind, app, plan } = request
    await tools.store.createOperation({ id: operationId, kind, app, holder, plan, startedAt: base.clock.now() })
    base.onRecorded?.({ id: operationId, kind, app })
    return { operationId, ...(await runRecorded(tools, request, { ...base, operationId }, body)) }
  } finally {
    await release(tools, request.app, { ...base, operationId })
  }
}

/** A lease that cannot be given back dies with this process; the error that brought us here is the one to tell. */
async function release(tools: OperationTools, app: string, ctx: RunContext): Promise<void> {
  try {
    await tools.store.releaseLease(app, ctx.operationId)
  } catch (thrown) {
    ctx.log.error("the lease could not be given back", { operationId: ctx.operationId, why: messageOf(thrown) })
  }
}

async function takeLease(tools: OperationTools, app: string, operationId: string, holder: Holder, base: ContextBase): Promise<void> {
  const answer = await tools.store.acquireLease(app, operationId, holder)
  if (answer.acquired) return
  throw busy(app, answer, await tools.store.operation(answer.operationId), base.clock.now())
}

/** Refuses at once, before anything is opened, when a living process works on the app; taking the lease decides, this only saves the wait. */
export async function refuseBusy(tools: OperationTools, app: string, now: Date): Promise<void> {
  for (const running of await tools.store.operations({ app, unfinished: true })) {
    if (await isUnderWay(tools, running)) throw busy(app, { operationId: running.id, holder: running.holder }, running, now)
  }
}

function busy(app: string, claim: { operationId: string; holder: Holder }, running: OperationRecord | null, now: Date): HoldfastError {
  const { operationId, holder } = claim
  const since = running
    ? ` since ${running.startedAt.toISOString()}, for ${formatDuration(now.getTime() - running.startedAt.getTime())}`
    : ""
  return new HoldfastError("OPERATION_BUSY", {
    what: `${app} is being worked on by another operation`,
    why: `\`${holder.command}\` (process ${holder.processId} on ${holder.host}) runs operation ${operationId}${since}`,
    details: { operationId, processId: holder.processId, host: holder.host, command: holder.command },
  })
}

/** Nothing new starts on top of a half-done run: it must be finished or undone first. */
async function refuseUnsettled(tools: OperationTools, app: string): Promise<void> {
  const [left] = await tools.store.operations({ app, unfinished: true, limit: 1 })
  if (!left) return
  throw new HoldfastError("OPERATION_UNSETTLED", {
    what: `operation ${left.id} (${left.kind} of ${app}) was interrupted and is not settled`,
    hint: "Run the command again; it settles what was interrupted first.",
    details: { operationId: left.id },
  })
}

async function runRecorded<Steps extends StepTable, Result>(
  tools: OperationTools,
  request: OperationRequest<Steps>,
  base: RunContext,
  body: OperationBody<Steps, Result>,
): Promise<OperationEnd<Result>> {
  const watch = watchLease(tools.store, request.app, base)
  const ctx: RunContext = { ...base, signal: AbortSignal.any([base.signal, watch.signal]) }
  try {
    const end = await bodyEnd(openJournal(tools.store, request.app, request.steps, ctx), ctx, body)
    await finish(tools, ctx, { outcome: end.outcome, errorCode: null, message: end.message ?? null, result: end.record })
    return end
  } catch (thrown) {
    await finishFailed(tools, ctx, thrown)
    throw thrown
  } finally {
    await watch.stop()
  }
}

/** What a body throws because its signal was aborted (an AbortError of the platform) is told as the reason of that abort. */
async function bodyEnd<Steps extends StepTable, Result>(
  journal: Journal<Steps>,
  ctx: RunContext,
  body: OperationBody<Steps, Result>,
): Promise<OperationEnd<Result>> {
  try {
    return await body(journal, ctx)
  } catch (thrown) {
    if (ctx.signal.aborted && !(thrown instanceof HoldfastError)) throw abortReason(ctx.signal, ctx.operationId)
    throw thrown
  }
}

interface RecordedEnd {
  readonly outcome: OperationOutcome
  readonly errorCode: string | null
  readonly message: string | null
  readonly result: Json
}

async function finish(tools: OperationTools, ctx: RunContext, end: RecordedEnd): Promise<void> {
  await tools.store.finishOperation(ctx.operationId, { finishedAt: ctx.clock.now(), ...end })
}

/** The first error is the one that is told; if the store refuses as well, the run stays open and is settled later. */
async function finishFailed(tools: OperationTools, ctx: RunContext, thrown: unknown): Promise<void> {
  // Whoever took over the lease also records the end; what a run still owes is done by settling, so it has not ended.
  if (thrown instanceof HoldfastError && (thrown.code === "LEASE_LOST" || thrown.code === "OPERATION_UNSETTLED")) return
  try {
    await finish(tools, ctx, endOfError(thrown))
  } catch (second) {
    ctx.log.error("the end of the operation could not be recorded", { operationId: ctx.operationId, why: messageOf(second) })
  }
}

function endOfError(thrown: unknown): RecordedEnd {
  if (!(thrown instanceof HoldfastError)) return { outcome: "failed", errorCode: "BUG", message: messageOf(thrown), result: null }
  const message = thrown.why === undefined ? thrown.message : `${thrown.message}: ${thrown.why}`
  const outcome = thrown.code === "OPERATION_CANCELLED" ? "cancelled" : "failed"
  return { outcome, errorCode: thrown.code, message, result: null }
}
