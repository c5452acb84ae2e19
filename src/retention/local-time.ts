import { wallParts } from "../base/timezone.ts"

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

export function localTimeOf(instant: Date, timezone: string): LocalTime {
  const parts = wallParts(instant, timezone)
  const year = parts.year.padStart(4, "0")
  const month = `${year}-${parts.month}`
  const date = `${month}-${parts.day}`
  return { year, month, date, isoWeek: isoWeekOf(date), hour: parts.hour, offset: parts.offset }
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
