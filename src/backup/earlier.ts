import type { Manifest } from "../recovery-point/manifest.ts"
import type { SealedPoint } from "../recovery-point/recovery-point.ts"

/** Points of the app's ordinary life. A safety point may hold the very damage it was taken before; an import comes from elsewhere. */
const ORDINARY: readonly Manifest["trigger"][] = ["manual", "schedule", "migration", "update", "self"]

/** The newest ordinary point that holds this part: what a new capture of it is judged against. Null when there is none. */
export function lastOrdinary(earlier: readonly SealedPoint[], part: string): Manifest | null {
  return earlier.findLast((point) => ORDINARY.includes(point.manifest.trigger) && holds(point, part))?.manifest ?? null
}

/** The newest point of any kind that holds this part: where unchanged files are looked for. */
export function lastHolding(earlier: readonly SealedPoint[], part: string): SealedPoint | null {
  return earlier.findLast((point) => holds(point, part)) ?? null
}

function holds(point: SealedPoint, part: string): boolean {
  return point.manifest.parts.some((candidate) => candidate.part === part)
}
