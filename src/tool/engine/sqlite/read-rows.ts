import type { DatabaseSync, SQLInputValue } from "node:sqlite"
import { openOwn, openReadOnly } from "./child-open.ts"
import { quoted, texts } from "./rows.ts"

interface SchemaRow {
  readonly type: string
  readonly name: string
  readonly sql: string
}

/**
 * Reads a damaged database row by row into a new one, going round the pages that cannot be read: for a table with row ids by
 * seeking the next readable one, for others from both ends. Indexes, views and triggers are made anew.
 */
export function readRows(path: string, target: string, busyTimeoutMs: number): void {
  const source = openReadOnly(path, busyTimeoutMs)
  try {
    const result = openOwn(target, busyTimeoutMs)
    try {
      result.exec("BEGIN")
      copyEverything(source, result)
      result.exec("COMMIT")
      for (const name of ["user_version", "application_id"])
        result.exec(`PRAGMA ${name} = ${Number(texts(source, `PRAGMA ${name}`)[0]?.[0])}`)
    } finally {
      result.close()
    }
  } finally {
    source.close()
  }
}

function copyEverything(source: DatabaseSync, result: DatabaseSync): void {
  const schema = schemaOf(source)
  for (const table of schema.filter((row) => row.type === "table")) {
    result.exec(table.sql)
    copyTable(source, result, table.name)
  }
  for (const other of schema.filter((row) => row.type !== "table")) execIfPossible(result, other.sql)
}

/** Shadow tables come with their virtual table, SQLite's own with what needs them. */
function schemaOf(source: DatabaseSync): SchemaRow[] {
  const shadows = new Set(
    texts(source, "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'").map((row) => row[0]),
  )
  return texts(source, "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    .map(([type, name, sql]) => ({ type: type ?? "", name: name ?? "", sql: sql ?? "" }))
    .filter((row) => !shadows.has(row.name) && !row.name.startsWith("sqlite_"))
}

/** An index may be impossible: what is unique in it need not be so any more. */
function execIfPossible(result: DatabaseSync, sql: string): void {
  try {
    result.exec(sql)
  } catch {
    // The rows are what matters; the app makes or misses it at its next migration.
  }
}

function copyTable(source: DatabaseSync, result: DatabaseSync, table: string): void {
  const [kind, withoutRowid] =
    texts(source, `SELECT type, wr FROM pragma_table_list WHERE schema = 'main' AND name = ${text(table)}`)[0] ?? []
  const columns = texts(source, `SELECT name FROM pragma_table_xinfo(${text(table)}) WHERE hidden = 0`).map((row) => quoted(row[0] ?? ""))
  if (kind === "table" && withoutRowid === "0") return copyByRowId(source, result, table, ["_rowid_", ...columns])
  const key = texts(source, `SELECT name FROM pragma_table_info(${text(table)}) WHERE pk > 0 ORDER BY pk`).map((row) =>
    quoted(row[0] ?? ""),
  )
  const insert = inserterOf(result, table, columns)
  const select = `SELECT ${columns.join(", ")} FROM ${quoted(table)}`
  copyUntilDamage(source, select, insert)
  if (key.length > 0) copyUntilDamage(source, `${select} ORDER BY ${key.map((column) => `${column} DESC`).join(", ")}`, insert)
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

type Insert = (row: SQLInputValue[]) => void

function inserterOf(result: DatabaseSync, table: string, columns: readonly string[]): Insert {
  const places = columns.map(() => "?").join(", ")
  const statement = result.prepare(`INSERT OR IGNORE INTO ${quoted(table)} (${columns.join(", ")}) VALUES (${places})`)
  return (row) => void statement.run(...row)
}

/** The last first value that was read, before the end or before what could not be read. */
function copyUntilDamage(
  source: DatabaseSync,
  select: string,
  insert: Insert,
  ...from: SQLInputValue[]
): { last: SQLInputValue; damaged: boolean } {
  let last: SQLInputValue = null
  try {
    const statement = source.prepare(select)
    statement.setReadBigInts(true)
    statement.setReturnArrays(true)
    for (const row of statement.iterate(...from)) {
      const values = Object.values(row)
      // First, so that a row which the new table refuses is passed by and not tried for ever.
      last = values[0] ?? null
      insert(values)
    }
    return { last, damaged: false }
  } catch {
    return { last, damaged: true }
  }
}

const LOWEST = -(2n ** 63n)
const HIGHEST = 2n ** 63n - 1n

function copyByRowId(source: DatabaseSync, result: DatabaseSync, table: string, columns: readonly string[]): void {
  const insert = inserterOf(result, table, columns)
  const select = `SELECT ${columns.join(", ")} FROM ${quoted(table)} NOT INDEXED WHERE _rowid_ >= ? ORDER BY _rowid_`
  for (let from: bigint | null = LOWEST; from !== null;) {
    const { last, damaged } = copyUntilDamage(source, select, insert, from)
    if (!damaged) return
    from = nextReadable(source, table, typeof last === "bigint" ? last + 1n : from + 1n)
  }
}

/** The first row id from which on reading works again: steps that double, then halving back. Null when there is none. */
function nextReadable(source: DatabaseSync, table: string, from: bigint): bigint | null {
  const works = (start: bigint): boolean => canSeek(source, table, start)
  let failing = from - 1n
  let start = from === LOWEST + 1n ? firstGuess(source, table) : from
  for (let step = 1n; !works(start); step *= 2n) {
    failing = start
    start = start + step
    if (start > HIGHEST) return null
  }
  while (start - failing > 1n) {
    const middle = failing + (start - failing) / 2n
    if (works(middle)) start = middle
    else failing = middle
  }
  return start
}

/** When not even the first row can be read: row ids usually begin at 1. */
function firstGuess(source: DatabaseSync, table: string): bigint {
  return canSeek(source, table, LOWEST + 1n) ? LOWEST + 1n : 1n
}

function canSeek(source: DatabaseSync, table: string, start: bigint): boolean {
  try {
    source.prepare(`SELECT * FROM ${quoted(table)} NOT INDEXED WHERE _rowid_ >= ? ORDER BY _rowid_ LIMIT 1`).all(start)
    return true
  } catch {
    return false
  }
}
