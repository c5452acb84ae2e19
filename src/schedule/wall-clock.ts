/** What the clock on the wall shows in a timezone, and when it shows it. */
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** No timezone is further from UTC than this. */
const MOST_OFFSET_MS = DAY_MS
const formats = new Map<string, Intl.DateTimeFormat>()

/** Milliseconds since 1970-01-01T00:00 on the wall clock, as though it were UTC. */
export function wallClock(instant: Date, timezone: string): number {
  const parts = Object.fromEntries(
    formatOf(timezone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) + instant.getUTCMilliseconds()
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

function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone)
  if (known) return known
  const made = new Intl.DateTimeFormat("en-US-u-ca-iso8601-nu-latn", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  })
  formats.set(timezone, made)
  return made
}
