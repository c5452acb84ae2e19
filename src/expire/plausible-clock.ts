import { HoldfastError } from "../base/errors.ts"

/** No machine runs this program before it was written. */
const WRITTEN_AT = new Date("2026-11-01T00:00:00Z")
const TOLERATED_AHEAD_MS = 24 * 3_600_000

/** Throws CLOCK_IMPLAUSIBLE: what is too old cannot be told by a clock that is wrong (F30). */
export function assertPlausibleClock(now: Date, newest: { readonly id: string; readonly startedAt: Date } | undefined): void {
  if (now < WRITTEN_AT) {
    throw new HoldfastError("CLOCK_IMPLAUSIBLE", {
      what: `the clock says ${now.toISOString()}`,
      why: "that is before this program was written",
    })
  }
  if (newest === undefined || newest.startedAt.getTime() - now.getTime() <= TOLERATED_AHEAD_MS) return
  throw new HoldfastError("CLOCK_IMPLAUSIBLE", {
    what: `the clock says ${now.toISOString()}`,
    why: `the newest point ${newest.id} was taken at ${newest.startedAt.toISOString()}, which is later`,
  })
}
