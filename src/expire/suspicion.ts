import type { Thresholds } from "../app/app.ts"
import type { Manifest, ManifestPart } from "../recovery-point/manifest.ts"

/**
 * Points that are sharply smaller than the last unsuspicious one before them (F100): an emptied or encrypted source must not
 * push out the last good points. Compared part by part, so that a point without some parts is not suspicious for that.
 * @param manifests oldest first
 */
export function suspiciousPoints(manifests: readonly Manifest[], thresholds: Thresholds): ReadonlySet<string> {
  const suspicious = new Set<string>()
  const lastGood = new Map<string, ManifestPart>()
  for (const manifest of manifests) {
    if (manifest.parts.some((part) => collapsed(lastGood.get(part.part), part, thresholds))) suspicious.add(manifest.id)
    else for (const part of manifest.parts) lastGood.set(part.part, part)
  }
  return suspicious
}

function collapsed(before: ManifestPart | undefined, now: ManifestPart, thresholds: Thresholds): boolean {
  if (before === undefined) return false
  const size = sizesOf(now)
  return sizesOf(before).some((amount, index) => fell(amount, size[index] ?? 0, thresholds))
}

/** Rows of a database, files of a tree; sizes in bytes say too little about a database that was vacuumed. */
function sizesOf(part: ManifestPart): readonly number[] {
  if (part.kind === "database") return [Object.values(part.facts.rows).reduce((sum, rows) => sum + rows, 0)]
  if (part.kind === "files") return [part.files]
  return []
}

function fell(before: number, now: number, thresholds: Thresholds): boolean {
  if (before > 0 && now === 0) return true
  return before >= thresholds.collapseFloor && now < before * thresholds.collapseRatio
}
