import { formatDuration } from "../../../src/contract/units.ts"

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** `just now`, `12 min ago`, `in 3 h`, `2 d ago`: one unit, because the exact instant is one hover away. */
export function relativeTime(at: Date, now: Date): string {
  const awayMs = now.getTime() - at.getTime()
  const words = oneUnit(Math.abs(awayMs))
  if (words === null) return awayMs >= 0 ? "just now" : "in a moment"
  return awayMs >= 0 ? `${words} ago` : `in ${words}`
}

function oneUnit(ms: number): string | null {
  if (ms < 45_000) return null
  if (ms < HOUR_MS) return `${Math.max(1, Math.round(ms / MINUTE_MS))} min`
  if (ms < 2 * DAY_MS) return `${Math.round(ms / HOUR_MS)} h`
  return `${Math.round(ms / DAY_MS)} d`
}

/** The instant in the reader's own zone, with the zone said: `Sat 21 Nov 2026, 09:51:07 CET`. */
export function exactTime(at: Date, zone?: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
    ...(zone === undefined ? {} : { timeZone: zone }),
  }).format(at)
}

/** Day and minute for lists: `Sat 21 Nov, 09:51`; the year is added when it is not that of `now`. */
export function shortTime(at: Date, now: Date, zone?: string): string {
  const sameYear = at.getFullYear() === now.getFullYear()
  const text = new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    ...(sameYear ? {} : { year: "numeric" as const }),
    hour: "2-digit",
    minute: "2-digit",
    ...(zone === undefined ? {} : { timeZone: zone }),
  }).format(at)
  // Whether a comma follows the weekday depends on the year being there.
  return text.replace(/^(\p{L}+),/u, "$1")
}

/** How long something took; an unfinished run is measured up to `now`. */
export function tookBetween(startedAt: string, finishedAt: string | null, now: Date): string {
  const end = finishedAt === null ? now : new Date(finishedAt)
  return formatDuration(Math.max(0, end.getTime() - new Date(startedAt).getTime()))
}
