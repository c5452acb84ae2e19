import { formatDuration } from "../../../base/units.ts"

/** `2026-04-19 12:00:00Z`: one zone for everybody, said. */
export function formatInstant(at: Date): string {
  return formatIso(at.toISOString())
}

/** The same for an instant as documents have it (`2026-04-19T12:00:00.000Z`). */
export function formatIso(text: string): string {
  return `${text.slice(0, 10)} ${text.slice(11, 19)}Z`
}

/** `3 d 4 h ago`, `in 20 min`, as seen from `now`. */
export function formatAge(at: Date, now: Date): string {
  const ageMs = now.getTime() - at.getTime()
  return ageMs >= 0 ? `${formatDuration(ageMs)} ago` : `in ${formatDuration(-ageMs)}`
}
