import { HoldfastError, isHoldfastError, messageOf } from "../../base/errors.ts"
import type { SlotRecord } from "../../operation/ports.ts"
import { settleInterrupted } from "../../operation/settle.ts"
import type { DueJob } from "../../schedule/due.ts"
import type { House } from "../house/house.ts"
import { settlersOf } from "../house/settlers.ts"
import type { OperationEnd, Runner } from "./runner.ts"

/** One due run, with what it needs. */
export interface JobRun {
  readonly house: House
  readonly runner: Runner
  readonly due: DueJob
  /** What is shown to whoever is refused meanwhile. */
  readonly command: string
  /** Aborted when the service stops. */
  readonly signal: AbortSignal
  /** The slot's operation is known from now on. */
  recorded(operationId: string): Promise<void>
}

/** What becomes of a slot. */
export interface JobEnd {
  readonly outcome: Exclude<SlotRecord["outcome"], "running">
  /** What a person needs to know of it; null when there is nothing to say. */
  readonly reason: string | null
  /** What was done, for those who want to hear of successes: `point 20260419T120000Z-0.24.6 was taken`. */
  readonly did?: string
  /** The app is another than before: everybody who is told of it hears that, whether they asked for successes or not. */
  readonly changed?: true
}

export type Job = (run: JobRun) => Promise<JobEnd>

/** Somebody else works on the app: a scheduled run waits for that, so that a `verify` at three does not cost the night's point. */
const PATIENCE_MS = 60 * 60_000
const ASK_AGAIN_MS = 2000

/**
 * Runs one verb of a job as an operation: settles what was interrupted, waits for its turn, and resolves to the end.
 * Throws what the verb threw, OPERATION_BUSY when the app was worked on for an hour.
 */
export async function operate(run: JobRun, verb: (house: House) => Promise<unknown>): Promise<OperationEnd> {
  const { house, due, signal } = run
  signal.throwIfAborted()
  await settleInterrupted(await house.operationTools(), settlersOf(house), due.app, { ...house.base(), signal })
  const { operationId, ended } = await startPatiently(run, verb)
  if (operationId !== null) await run.recorded(operationId)
  const end = await ended
  if (end.error === null) return end
  throw end.error instanceof Error ? end.error : new Error(messageOf(end.error))
}

async function startPatiently(run: JobRun, verb: (house: House) => Promise<unknown>): ReturnType<Runner["start"]> {
  const { house, runner, due, command, signal } = run
  const sinceMs = house.clock.monotonicMs()
  for (;;) {
    try {
      return await runner.start({ app: due.app, command }, verb)
    } catch (thrown) {
      if (!isHoldfastError(thrown, "OPERATION_BUSY") || house.clock.monotonicMs() - sinceMs > PATIENCE_MS) throw thrown
    }
    await house.clock.sleep(ASK_AGAIN_MS, signal)
  }
}

/** The end of a job that threw; rethrows when the service is being stopped, because the job has then not ended. */
export function endOfThrown(run: JobRun, thrown: unknown): JobEnd {
  if (run.signal.aborted) throw run.signal.reason instanceof Error ? run.signal.reason : new Error("the service was stopped")
  if (isHoldfastError(thrown, "OPERATION_BUSY")) return { outcome: "skipped", reason: reasonOf(thrown) }
  if (isHoldfastError(thrown, "OPERATION_CANCELLED")) return { outcome: "cancelled", reason: reasonOf(thrown) }
  if (!isHoldfastError(thrown)) run.house.log.error("a scheduled run met a bug", { why: messageOf(thrown), stack: stackOf(thrown) })
  return { outcome: "failed", reason: reasonOf(thrown) }
}

export function reasonOf(thrown: unknown): string {
  const why = thrown instanceof HoldfastError && thrown.why !== undefined ? `: ${thrown.why}` : ""
  return `${messageOf(thrown)}${why}`
}

function stackOf(thrown: unknown): string | undefined {
  return thrown instanceof Error ? thrown.stack : undefined
}

/** Does what follows a point; what goes wrong with it is told, and does not undo that the point is there. */
export async function attempt(run: JobRun, what: string, action: () => Promise<void>): Promise<readonly string[]> {
  try {
    await action()
    return []
  } catch (thrown) {
    const { reason } = endOfThrown(run, thrown)
    return [`${what}: ${reason ?? "failed"}`]
  }
}
