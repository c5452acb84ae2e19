import type { Clock } from "../../base/clock.ts"

export interface Deadline {
  /** Aborted when the time is over, or by `end`. */
  readonly signal: AbortSignal
  /** The work is done, or given up. */
  end(): void
}

/** So much time for a piece of work, by the clock that everything goes by. */
export function startDeadline(clock: Clock, ms: number): Deadline {
  const over = new AbortController()
  const ended = (): void => undefined
  clock.sleep(ms, over.signal).then(() => over.abort(new Error("the time for it is over")), ended)
  return { signal: over.signal, end: () => over.abort(new Error("it is done")) }
}
