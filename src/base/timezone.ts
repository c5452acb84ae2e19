/** What the clock on the wall shows in a timezone, part by part; formats are dear to make, so they are kept. */
const formats = new Map<string, Intl.DateTimeFormat>()

export interface WallParts {
  readonly year: string
  readonly month: string
  readonly day: string
  /** `00` to `23` */
  readonly hour: string
  readonly minute: string
  readonly second: string
  /** `GMT-04:00` */
  readonly offset: string
}

/** By the ISO calendar, with Latin digits. Throws RangeError for what is no timezone. */
export function wallParts(instant: Date, timezone: string): WallParts {
  const parts = new Map<string, string>(
    formatOf(timezone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, value]),
  )
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? ""
  return {
    year: part("year"),
    month: part("month"),
    day: part("day"),
    hour: part("hour"),
    minute: part("minute"),
    second: part("second"),
    offset: part("timeZoneName"),
  }
}

export function isTimezone(name: string): boolean {
  try {
    formatOf(name)
    return true
  } catch {
    return false
  }
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
    timeZoneName: "longOffset",
  })
  formats.set(timezone, made)
  return made
}
