import type { App } from "../app/app.ts"
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
  const rowsBefore = totalRows(before, ignored)
  const rowsNow = totalRows(now, ignored)
  if (!collapsed(app, rowsBefore, rowsNow)) return
  throw new HoldfastError("DATABASE_COLLAPSED", {
    what: `${now.part} has ${rowsNow} rows, the last point had ${rowsBefore}`,
    why: biggestLosses(before, now).join(", "),
  })
}

function refuseFilesCollapse(app: App, now: FilesPart, before: FilesPart): void {
  if (before.files > 0 && now.files === 0) {
    throw new HoldfastError("SOURCE_EMPTY", { what: `${now.part} is empty, the last point had ${before.files} files` })
  }
  const fewer = collapsed(app, before.files, now.files)
  const smaller = before.files >= app.thresholds.collapseFloor && collapsed(app, before.sizeBytes, now.sizeBytes)
  if (!fewer && !smaller) return
  throw new HoldfastError("SOURCE_COLLAPSED", {
    what: `${now.part} has ${now.files} files of ${now.sizeBytes} bytes, the last point had ${before.files} files of ${before.sizeBytes} bytes`,
  })
}

function collapsed(app: App, before: number, now: number): boolean {
  if (before > 0 && now === 0) return true
  return before >= app.thresholds.collapseFloor && now < before * app.thresholds.collapseRatio
}

function totalRows(part: DatabasePart, ignored: ReadonlySet<string>): number {
  return Object.entries(part.facts.rows)
    .filter(([table]) => !ignored.has(table) && !ignored.has(table.replace(/^public\./, "")))
    .reduce((sum, [, rows]) => sum + rows, 0)
}

function biggestLosses(before: DatabasePart, now: DatabasePart): readonly string[] {
  return Object.entries(before.facts.rows)
    .map(([table, rows]) => ({ table, rows, left: now.facts.rows[table] ?? 0 }))
    .filter((loss) => loss.left < loss.rows)
    .toSorted((left, right) => right.rows - right.left - (left.rows - left.left))
    .slice(0, 5)
    .map((loss) => `${loss.table}: ${loss.rows} → ${loss.left}`)
}
