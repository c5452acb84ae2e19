/** An instant on the wall clock of a timezone, as keys that tell periods apart. */
export interface LocalTime {
  /** `2026` */
  readonly year: string
  /** `2026-04` */
  readonly month: string
  /** `2026-W16`: ISO week with its own year, Monday first. */
  readonly isoWeek: string
  /** `2026-04-19` */
  readonly date: string
  /** `03` */
  readonly hour: string
  /** `GMT-04:00` */
  readonly offset: string
}

const DAY_MS = 86_400_000
const formats = new Map<string, Intl.DateTimeFormat>()

export function localTimeOf(instant: Date, timezone: string): LocalTime {
  const parts = Object.fromEntries(
    formatOf(timezone)
      .formatToParts(instant)
      .map((part) => [part.type, part.value]),
  )
  const year = `${parts["year"]}`.padStart(4, "0")
  const month = `${year}-${parts["month"]}`
  const date = `${month}-${parts["day"]}`
  return { year, month, date, isoWeek: isoWeekOf(date), hour: `${parts["hour"]}`, offset: `${parts["timeZoneName"]}` }
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
    timeZoneName: "longOffset",
  })
  formats.set(timezone, made)
  return made
}

/** The week belongs to the year that its Thursday is in (ISO 8601). */
function isoWeekOf(date: string): string {
  const midnightMs = Date.parse(`${date}T00:00:00Z`)
  const daysSinceMonday = (new Date(midnightMs).getUTCDay() + 6) % 7
  const thursday = new Date(midnightMs + (3 - daysSinceMonday) * DAY_MS)
  const yearStartMs = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  const week = Math.floor((thursday.getTime() - yearStartMs) / (7 * DAY_MS)) + 1
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, "0")}`
}
