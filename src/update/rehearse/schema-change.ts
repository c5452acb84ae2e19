/** What a release does to the databases: tables, columns and rows before and after. Pure. */
import type { SchemaChange } from "../update-plan.ts"

/** One database as it was at one moment. */
export interface SchemaFacts {
  readonly schemaVersion: string | null
  /** By qualified name of the table. */
  readonly rows: Readonly<Record<string, number>>
  /** `table.column`. */
  readonly columns: readonly string[]
}

export const unchangedSchema: SchemaChange = {
  from: null,
  to: null,
  tablesAdded: [],
  tablesRemoved: [],
  columnsAdded: [],
  columnsRemoved: [],
  rows: [],
}

/**
 * The change of all databases together; where there are several, names begin with the database's own.
 * Columns of tables that came or went are not listed beside them.
 * @param volatile tables whose rows do not matter (sessions, caches)
 */
export function schemaChange(
  before: Readonly<Record<string, SchemaFacts>>,
  after: Readonly<Record<string, SchemaFacts>>,
  volatile: readonly string[] = [],
): SchemaChange {
  const names = Object.keys(before).filter((name) => after[name] !== undefined)
  const changes = names.map((name) => changeOf(before[name] ?? nothing, after[name] ?? nothing, new Set(volatile)))
  const prefixed = changes.map((change, index) => (names.length > 1 ? withPrefix(change, names[index] ?? "") : change))
  const versioned = prefixed.find(({ from, to }) => from !== null || to !== null)
  return {
    from: versioned?.from ?? null,
    to: versioned?.to ?? null,
    tablesAdded: prefixed.flatMap((change) => change.tablesAdded),
    tablesRemoved: prefixed.flatMap((change) => change.tablesRemoved),
    columnsAdded: prefixed.flatMap((change) => change.columnsAdded),
    columnsRemoved: prefixed.flatMap((change) => change.columnsRemoved),
    rows: prefixed.flatMap((change) => change.rows),
  }
}

const nothing: SchemaFacts = { schemaVersion: null, rows: {}, columns: [] }

function changeOf(before: SchemaFacts, after: SchemaFacts, volatile: ReadonlySet<string>): SchemaChange {
  const tablesAdded = missingFrom(before.rows, after.rows)
  const tablesRemoved = missingFrom(after.rows, before.rows)
  const aside = new Set([...tablesAdded, ...tablesRemoved])
  const columns = (of: SchemaFacts, other: SchemaFacts): readonly string[] => {
    const known = new Set(other.columns)
    return of.columns.filter((column) => !known.has(column) && !aside.has(tableOf(column))).toSorted()
  }
  return {
    from: before.schemaVersion,
    to: after.schemaVersion,
    tablesAdded,
    tablesRemoved,
    columnsAdded: columns(after, before),
    columnsRemoved: columns(before, after),
    rows: changedRows(before.rows, after.rows).filter(({ table }) => !isVolatile(table, volatile)),
  }
}

type Rows = SchemaFacts["rows"]

/** A table may be called `constructor`: only what was counted counts. */
function missingFrom(known: Rows, rows: Rows): readonly string[] {
  return Object.keys(rows)
    .filter((table) => !Object.hasOwn(known, table))
    .toSorted()
}

/** A table that came had no rows before, one that went has none after. */
function changedRows(before: Rows, after: Rows): SchemaChange["rows"] {
  const tables = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted()
  return tables
    .map((table) => ({ table, before: countIn(before, table), after: countIn(after, table) }))
    .filter((count) => count.before !== count.after)
}

function countIn(rows: Rows, table: string): number {
  return Object.hasOwn(rows, table) ? (rows[table] ?? 0) : 0
}

function isVolatile(table: string, volatile: ReadonlySet<string>): boolean {
  return volatile.has(table) || volatile.has(table.replace(/^public\./, ""))
}

function tableOf(column: string): string {
  return column.slice(0, column.lastIndexOf("."))
}

function withPrefix(change: SchemaChange, name: string): SchemaChange {
  const named = (texts: readonly string[]): readonly string[] => texts.map((text) => `${name}: ${text}`)
  return {
    from: change.from,
    to: change.to,
    tablesAdded: named(change.tablesAdded),
    tablesRemoved: named(change.tablesRemoved),
    columnsAdded: named(change.columnsAdded),
    columnsRemoved: named(change.columnsRemoved),
    rows: change.rows.map((row) => ({ ...row, table: `${name}: ${row.table}` })),
  }
}
