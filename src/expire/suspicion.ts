import type { Thresholds } from "../app/app.ts"
import type { Manifest, ManifestPart } from "../recovery-point/manifest.ts"

/**
 * Points that are sharply smaller than the last unsuspicious one before them (F100): an emptied or encrypted source must not
 * push out the last good points. Compared part by part, so that a point without some parts is not suspicious for that. A drop that a
 * person accepted when the point was taken is not one, and later points are measured by it.
 * @param manifests oldest first
 * @param volatileTables whose rows do not count, as the app's recipe names them
 */
export function suspiciousPoints(
  manifests: readonly Manifest[],
  thresholds: Thresholds,
  volatileTables: readonly string[] = [],
): ReadonlySet<string> {
  const ignored = new Set(volatileTables)
  const suspicious = new Set<string>()
  const lastGood = new Map<string, ManifestPart>()
  for (const manifest of manifests) {
    const accepted = manifest.acceptedCollapse === true
    if (!accepted && manifest.parts.some((part) => collapsed(lastGood.get(part.part), part, thresholds, ignored)))
      suspicious.add(manifest.id)
    else for (const part of manifest.parts) lastGood.set(part.part, part)
  }
  return suspicious
}

function collapsed(before: ManifestPart | undefined, now: ManifestPart, thresholds: Thresholds, ignored: ReadonlySet<string>): boolean {
  return before !== undefined && fell(amountOf(before, ignored), amountOf(now, ignored), thresholds)
}

/** Rows of a database, files of a tree; bytes say too little about a database that was vacuumed. Other parts do not collapse. */
function amountOf(part: ManifestPart, ignored: ReadonlySet<string>): number {
  if (part.kind === "files") return part.files
  if (part.kind !== "database") return 0
  return Object.entries(part.facts.rows)
    .filter(([table]) => !ignored.has(table) && !ignored.has(table.replace(/^public\./, "")))
    .reduce((sum, [, rows]) => sum + rows, 0)
}

function fell(before: number, now: number, thresholds: Thresholds): boolean {
  if (before > 0 && now === 0) return true
  return before >= thresholds.collapseFloor && now < before * thresholds.collapseRatio
}
