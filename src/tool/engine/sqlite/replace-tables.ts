import type { DatabaseSync } from "node:sqlite"
import { counted } from "../../../base/units.ts"
import { openOwn } from "./child-open.ts"
import type { Answer } from "./job.ts"
import { quoted, texts } from "./rows.ts"

/** Why rows of a table cannot be replaced alone; the words are for people. */
class Refused extends Error {
  readonly table: string
  readonly reason: "shape" | "reference"

  constructor(table: string, reason: "shape" | "reference", message: string) {
    super(message)
    this.table = table
    this.reason = reason
  }
}

/**
 * Replaces the rows of some tables of a private copy by those of another database, in one transaction. Triggers do not run: they would write
 * more than was asked for. Foreign keys are checked at the end; what was broken before is not held against it.
 */
export function replaceTables(path: string, from: string, tables: readonly string[], busyTimeoutMs: number): Answer {
  const database = openOwn(path, busyTimeoutMs)
  try {
    database.prepare("ATTACH ? AS point").run(from)
    for (const table of tables) requireReplaceable(database, table)
    const before = brokenKeys(database)
    database.exec("BEGIN IMMEDIATE")
    for (const table of tables) replaceRows(database, table)
    refuseNewlyBroken(before, brokenKeys(database))
    database.exec("COMMIT")
    return { kind: "done" }
  } catch (thrown) {
    if (thrown instanceof Refused) return { kind: "refused", table: thrown.table, reason: thrown.reason, message: thrown.message }
    throw thrown
  } finally {
    database.close()
  }
}

/** Removes every other table of a database of ours, and gives their space back. */
export function keepOnly(path: string, tables: readonly string[], busyTimeoutMs: number): Answer {
  const database = openOwn(path, busyTimeoutMs)
  try {
    const others = texts(database, "SELECT type, name FROM sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY type DESC")
    for (const [type, name] of others) database.exec(`DROP ${type ?? ""} IF EXISTS ${quoted(name ?? "")}`)
    for (const { name, kind } of tablesIn(database, "main"))
      if (kind !== "shadow" && !tables.includes(name)) database.exec(`DROP TABLE IF EXISTS ${quoted(name)}`)
    database.exec("VACUUM")
    return { kind: "done" }
  } finally {
    database.close()
  }
}

interface Listed {
  readonly name: string
  /** `table`, `virtual`, `shadow` (of a virtual one), `view`. */
  readonly kind: string
  readonly withoutRowId: boolean
}

function tablesIn(database: DatabaseSync, schema: "main" | "point"): readonly Listed[] {
  return texts(database, `SELECT name, type, wr FROM pragma_table_list WHERE schema = '${schema}' AND type <> 'view'`)
    .map(([name, kind, withoutRowId]) => ({ name: name ?? "", kind: kind ?? "", withoutRowId: withoutRowId === "1" }))
    .filter(({ name }) => !name.startsWith("sqlite_"))
}

function requireReplaceable(database: DatabaseSync, table: string): void {
  const [now, then] = (["main", "point"] as const).map((schema) => tablesIn(database, schema).find(({ name }) => name === table))
  if (now === undefined) throw new Refused(table, "shape", "it does not exist any more")
  if (then === undefined) throw new Refused(table, "shape", "the point does not have it")
  if (now.kind !== "table" || then.kind !== "table") throw new Refused(table, "shape", "it is a virtual table")
  const differences = differing(columnsOf(database, "point", table), columnsOf(database, "main", table))
  if (differences.length > 0) throw new Refused(table, "shape", differences.join("; "))
  const index = searchIndexOf(database, table)
  if (index !== null) throw new Refused(table, "shape", `its triggers keep the virtual table ${index} in step, and triggers do not run`)
}

/** Type by column; generated columns say so. */
function columnsOf(database: DatabaseSync, schema: "main" | "point", table: string): ReadonlyMap<string, string> {
  const rows = texts(database, `SELECT name, type, hidden FROM pragma_table_xinfo(${literal(table)}, '${schema}')`)
  return new Map(rows.map(([name, type, hidden]) => [name ?? "", hidden === "0" ? (type ?? "") : `${type ?? ""} generated`]))
}

function differing(then: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): readonly string[] {
  const lost = [...then.keys()].filter((name) => !now.has(name)).map((name) => `column ${name} of the point does not exist any more`)
  const came = [...now.keys()].filter((name) => !then.has(name)).map((name) => `column ${name} did not exist at the point`)
  const changed = [...then].flatMap(([name, type]) => {
    const present = now.get(name)
    return present === undefined || present === type ? [] : [`column ${name} was ${type} and is ${present} now`]
  })
  return [...lost, ...came, ...changed]
}

/** A full-text index that follows the table by triggers would tell of rows that are gone. */
function searchIndexOf(database: DatabaseSync, table: string): string | null {
  const triggers = triggersOf(database, table)
    .map(({ sql }) => sql.toLowerCase())
    .join("\n")
  const virtual = tablesIn(database, "main").filter(({ kind }) => kind === "virtual")
  return virtual.find(({ name }) => triggers.includes(name.toLowerCase()))?.name ?? null
}

function triggersOf(database: DatabaseSync, table: string): readonly { name: string; sql: string }[] {
  const rows = texts(
    database,
    `SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) = lower(${literal(table)}) ORDER BY rowid`,
  )
  return rows.map(([name, sql]) => ({ name: name ?? "", sql: sql ?? "" }))
}

function replaceRows(database: DatabaseSync, table: string): void {
  const triggers = triggersOf(database, table)
  for (const { name } of triggers) database.exec(`DROP TRIGGER main.${quoted(name)}`)
  const columns = [...columnsOf(database, "main", table)].flatMap(([name, type]) => (type.endsWith(" generated") ? [] : [name]))
  const names = [...rowIdOf(database, table, columns), ...columns.map(quoted)].join(", ")
  database.exec(`DELETE FROM main.${quoted(table)}`)
  database.exec(`INSERT INTO main.${quoted(table)} (${names}) SELECT ${names} FROM point.${quoted(table)}`)
  for (const { sql } of triggers) database.exec(sql)
}

/** The row's own number, by whichever of its names no column has: other tables may keep it. */
function rowIdOf(database: DatabaseSync, table: string, columns: readonly string[]): readonly string[] {
  if (tablesIn(database, "main").find(({ name }) => name === table)?.withoutRowId === true) return []
  const taken = new Set(columns.map((name) => name.toLowerCase()))
  return ["rowid", "_rowid_", "oid"].filter((name) => !taken.has(name)).slice(0, 1)
}

/** How many rows break which foreign key, by `table → parent`. */
function brokenKeys(database: DatabaseSync): ReadonlyMap<string, number> {
  const rows = texts(database, `SELECT "table", parent, count(*) FROM pragma_foreign_key_check(NULL, 'main') GROUP BY 1, 2`)
  return new Map(rows.map(([table, parent, count]) => [`${table ?? ""} → ${parent ?? ""}`, Number(count)]))
}

function refuseNewlyBroken(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): void {
  for (const [key, count] of after) {
    const more = count - (before.get(key) ?? 0)
    if (more > 0)
      throw new Refused(key.split(" → ")[0] ?? key, "reference", `${counted(more, "row")} would refer to rows that are not there (${key})`)
  }
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
