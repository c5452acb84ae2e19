import { compactUtc } from "../base/ids.ts"

export interface PointId {
  readonly at: Date
  /** `unknown` when the app could not tell. */
  readonly version: string
  /** 1, or more for a later point of the same second. */
  readonly ordinal: number
}

const MAX_VERSION = 40

/**
 * `20260419T120000Z-0.24.6`: UTC second, then the app's version; the second point of the same second gets `-2` (design §5).
 * @param taken ids that exist already
 */
export function newPointId(startedAt: Date, version: string | null, taken: ReadonlySet<string>): string {
  const base = `${compactUtc(startedAt)}-${sanitiseVersion(version)}`
  let id = base
  for (let ordinal = 2; taken.has(id); ordinal += 1) id = `${base}-${ordinal}`
  return id
}

/** Letters, digits, dots, underscores and plus signs; a dash would read as the ordinal's, so `1.0-rc.2` becomes `1.0_rc.2`. */
function sanitiseVersion(version: string | null): string {
  const clean = (version ?? "")
    .trim()
    .replaceAll(/[^0-9A-Za-z.+]+/g, "_")
    .slice(0, MAX_VERSION)
    .replaceAll(/^[._]+|[._]+$/g, "")
  return clean === "" ? "unknown" : clean
}

/** Null when it is not the id of a point. */
export function parsePointId(id: string): PointId | null {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z-([0-9A-Za-z.+_]+)(?:-([2-9]|[1-9]\d+))?$/.exec(id)
  if (match === null) return null
  const [, year, month, day, hour, minute, second, version, ordinal] = match
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(at.getTime()) || compactUtc(at) !== id.slice(0, 16) || version === undefined) return null
  return { at, version, ordinal: ordinal === undefined ? 1 : Number(ordinal) }
}
