import { setTimeout as delay } from "node:timers/promises"

/** The only source of time. Instants come from `now`, durations from `monotonicMs` (a wall clock may jump). */
export interface Clock {
  now(): Date
  monotonicMs(): number
  /** Resolves after `ms`, rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, signal ? { signal } : {})
    } catch (cause) {
      signal?.throwIfAborted()
      throw cause
    }
  },
}
