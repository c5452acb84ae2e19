import type { DatabaseFacts } from "../app/ports.ts"
import { counted } from "../base/units.ts"

/**
 * Where two sets of facts differ, in words; empty when they are equal. Row counts must match for every table on either side;
 * engine version and size on disk may differ, because a restored database is packed anew.
 */
export function differingFacts(
  expected: Pick<DatabaseFacts, "rows" | "schemaVersion" | "migrations">,
  actual: DatabaseFacts,
): readonly string[] {
  return [...differingRows(expected.rows, actual.rows), ...differingSchema(expected, actual)]
}

type Rows = Readonly<Record<string, number>>

function differingRows(expected: Rows, actual: Rows): readonly string[] {
  const tables = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].toSorted()
  return tables.flatMap((table) => differenceOf(table, countOf(expected, table), countOf(actual, table)))
}

/** A table may be called `constructor`: only what was counted counts. */
function countOf(rows: Rows, table: string): number | undefined {
  return Object.hasOwn(rows, table) ? rows[table] : undefined
}

function differenceOf(table: string, expected: number | undefined, actual: number | undefined): readonly string[] {
  if (expected === actual) return []
  if (actual === undefined) return [`table ${table} is missing (${counted(expected ?? 0, "row")} expected)`]
  if (expected === undefined) return [`table ${table} was not captured (${counted(actual, "row")} found)`]
  return [`table ${table} has ${counted(actual, "row")}, ${expected} expected`]
}

function differingSchema(expected: Pick<DatabaseFacts, "schemaVersion" | "migrations">, actual: DatabaseFacts): readonly string[] {
  const differences: string[] = []
  if (expected.schemaVersion !== actual.schemaVersion) {
    differences.push(`schema version ${actual.schemaVersion ?? "unknown"}, ${expected.schemaVersion ?? "unknown"} expected`)
  }
  const missing = expected.migrations.filter((name) => !actual.migrations.includes(name))
  const added = actual.migrations.filter((name) => !expected.migrations.includes(name))
  if (missing.length > 0) differences.push(`migrations missing: ${missing.join(", ")}`)
  if (added.length > 0) differences.push(`migrations not expected: ${added.join(", ")}`)
  return differences
}

/** Rows that exist now and were not there at the point: what a restore loses, by table, biggest first. */
export function rowsAddedSince(point: Rows, now: Rows): readonly { table: string; rows: number }[] {
  return Object.entries(now)
    .map(([table, rows]) => ({ table, rows: rows - (countOf(point, table) ?? 0) }))
    .filter((change) => change.rows > 0)
    .toSorted((left, right) => right.rows - left.rows || (left.table < right.table ? -1 : 1))
}
