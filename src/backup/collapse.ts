import type { App } from "../app/app.ts"
import { collapseCheck, type SourceSize } from "../app/tree/collapse.ts"
import { HoldfastError } from "../base/errors.ts"
import type { DatabasePart, FilesPart, Manifest, ManifestPart } from "../recovery-point/manifest.ts"

/**
 * Compares a captured part with the same part of the last good point: a source that was full and is now empty, or has fallen below the
 * threshold, fails the point (F42, F81, F153). Throws SOURCE_EMPTY, SOURCE_COLLAPSED or DATABASE_COLLAPSED.
 */
export function refuseCollapse(app: App, part: ManifestPart, last: Manifest | null): void {
  const before = last?.parts.find((candidate) => candidate.part === part.part)
  if (before === undefined) return
  if (part.kind === "database" && before.kind === "database") refuseDatabaseCollapse(app, part, before)
  if (part.kind === "files" && before.kind === "files") refuseFilesCollapse(app, part, before)
}

function refuseDatabaseCollapse(app: App, now: DatabasePart, before: DatabasePart): void {
  const ignored = new Set(app.recipe?.volatileTables ?? [])
  const sizeOf = (part: DatabasePart): SourceSize => ({ files: null, sizeBytes: part.sizeBytes, rows: totalRows(part, ignored) })
  const reasons = collapseCheck(sizeOf(before), sizeOf(now), app.thresholds)
  if (reasons.length === 0) return
  throw new HoldfastError("DATABASE_COLLAPSED", {
    what: `${now.part} has far less than in the last point: ${reasons.join("; ")}`,
    why: biggestLosses(before, now, ignored).join(", "),
  })
}

function refuseFilesCollapse(app: App, now: FilesPart, before: FilesPart): void {
  const sizeOf = (part: FilesPart): SourceSize => ({ files: part.files, sizeBytes: part.sizeBytes, rows: null })
  const reasons = collapseCheck(sizeOf(before), sizeOf(now), app.thresholds)
  if (reasons.length === 0) return
  throw new HoldfastError(now.files === 0 ? "SOURCE_EMPTY" : "SOURCE_COLLAPSED", {
    what: `${now.part} has far less than in the last point: ${reasons.join("; ")}`,
  })
}

function totalRows(part: DatabasePart, ignored: ReadonlySet<string>): number {
  return judgedRows(part, ignored).reduce((sum, [, rows]) => sum + rows, 0)
}

/** Rows by table, without the tables whose loss does not matter. */
function judgedRows(part: DatabasePart, ignored: ReadonlySet<string>): readonly [string, number][] {
  return Object.entries(part.facts.rows).filter(([table]) => !ignored.has(table) && !ignored.has(table.replace(/^public\./, "")))
}

function biggestLosses(before: DatabasePart, now: DatabasePart, ignored: ReadonlySet<string>): readonly string[] {
  const left = new Map(judgedRows(now, ignored))
  return judgedRows(before, ignored)
    .map(([table, rows]) => ({ table, rows, left: left.get(table) ?? 0 }))
    .filter((loss) => loss.left < loss.rows)
    .toSorted((one, other) => other.rows - other.left - (one.rows - one.left))
    .slice(0, 5)
    .map((loss) => `${loss.table}: ${loss.rows} → ${loss.left}`)
}
