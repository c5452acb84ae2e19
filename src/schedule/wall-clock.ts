/** What the clock on the wall shows in a timezone, and when it shows it. */
import { wallParts } from "../base/timezone.ts"

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** No timezone is further from UTC than this. */
const MOST_OFFSET_MS = DAY_MS

/** Milliseconds since 1970-01-01T00:00 on the wall clock, as though it were UTC. */
export function wallClock(instant: Date, timezone: string): number {
  const { year, month, day, hour, minute, second } = wallParts(instant, timezone)
  const wholeMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  return wholeMs + instant.getUTCMilliseconds()
}

/** Days since 1970-01-01 of a reading of `wallClock`. */
export function dayOf(wallMs: number): number {
  return Math.floor(wallMs / DAY_MS)
}

/**
 * The first instant at which the wall clock shows this minute of this day; where it never does, the end of the gap.
 * @param day days since 1970-01-01 on the wall clock
 * @param minute since that day's midnight; may be of a later day
 */
export function firstInstantAt(day: number, minute: number, timezone: string): Date {
  const wallMs = day * DAY_MS + minute * MINUTE_MS
  const offsets = [-MOST_OFFSET_MS, MOST_OFFSET_MS].map((away) => {
    const near = new Date(wallMs + away)
    return wallClock(near, timezone) - near.getTime()
  })
  const candidates = offsets.map((offset) => wallMs - offset).toSorted((left, right) => left - right)
  const shown = candidates.find((ms) => wallClock(new Date(ms), timezone) === wallMs)
  return new Date(shown ?? endOfGap(wallMs, candidates[0] ?? wallMs, candidates[1] ?? wallMs, timezone))
}

/** The clock is before the gap at `early`, behind it at `late`, and leaps once between. */
function endOfGap(wallMs: number, early: number, late: number, timezone: string): number {
  let [before, behind] = [early, late]
  while (behind - before > 1) {
    const middle = Math.floor((before + behind) / 2)
    if (wallClock(new Date(middle), timezone) >= wallMs) behind = middle
    else before = middle
  }
  return behind
}
