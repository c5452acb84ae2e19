import { formatDuration } from "../../../base/units.ts"

/** `2026-04-19 12:00:00Z`: one zone for everybody, said. */
export function formatInstant(at: Date): string {
  return at
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z")
}

/** `3 d 4 h ago`, `in 20 min`, as seen from `now`. */
export function formatAge(at: Date, now: Date): string {
  const ageMs = now.getTime() - at.getTime()
  return ageMs >= 0 ? `${formatDuration(ageMs)} ago` : `in ${formatDuration(-ageMs)}`
}
