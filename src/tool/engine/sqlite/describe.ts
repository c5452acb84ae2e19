import type { DatabaseSync } from "node:sqlite"
import { messageOf } from "../../../base/errors.ts"
import { counted } from "../../../base/units.ts"
import type { SchemaQueries } from "../../../app/ports.ts"
import type { Description } from "./job.ts"
import { quoted, texts } from "./rows.ts"

const PRAGMAS = ["journal_mode", "page_size", "user_version", "application_id", "auto_vacuum", "encoding"]
const MISSING_COLLATION = 257
const DAMAGE_LINES = 20

/** Everything a database says of itself, as seen by the reader's present transaction. */
export function describe(database: DatabaseSync, schema: SchemaQueries | null, integrity: boolean): Description {
  const warnings: string[] = []
  const pragmas = Object.fromEntries(PRAGMAS.map((name) => [name, one(database, `PRAGMA ${name}`) ?? ""]))
  const tables = tablesOf(database)
  return {
    engineVersion: one(database, "SELECT sqlite_version()") ?? "",
    ...schemaState(database, schema, warnings),
    rows: rowCounts(database, tables, warnings),
    sizeBytes: Number(one(database, "PRAGMA page_count")) * Number(pragmas["page_size"]),
    pragmas,
    damage: integrity ? damageOf(database, tables, warnings) : [],
    warnings,
  }
}

interface Table {
  readonly name: string
  readonly virtual: boolean
}

/** Tables that hold the app's own rows: shadow tables of virtual ones and SQLite's own are left out. */
function tablesOf(database: DatabaseSync): Table[] {
  return texts(database, "SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') ORDER BY name")
    .map(([name, type]) => ({ name: name ?? "", virtual: type === "virtual" }))
    .filter((table) => !table.name.startsWith("sqlite_"))
}

function rowCounts(database: DatabaseSync, tables: readonly Table[], warnings: string[]): Record<string, number> {
  const counts: [string, number][] = []
  for (const table of tables) {
    const count = countOf(database, table, warnings)
    if (count !== null) counts.push([table.name, count])
  }
  return Object.fromEntries(counts)
}

/** Null, with a warning, for a table that only the app itself can read (its own collation or module). */
function countOf(database: DatabaseSync, table: Table, warnings: string[]): number | null {
  try {
    return Number(one(database, `SELECT count(*) FROM ${quoted(table.name)}`))
  } catch (thrown) {
    if (!table.virtual && !isMissingCollation(thrown)) throw thrown
    warnings.push(`rows of ${table.name} could not be counted: ${messageOf(thrown)}`)
    return null
  }
}

function schemaState(
  database: DatabaseSync,
  schema: SchemaQueries | null,
  warnings: string[],
): { schemaVersion: string | null; migrations: string[] } {
  if (schema === null) return { schemaVersion: null, migrations: [] }
  try {
    const list = schema.list === null ? [] : texts(database, schema.list)
    return { schemaVersion: one(database, schema.version), migrations: list.map((row) => row[0] ?? "") }
  } catch (thrown) {
    warnings.push(`the schema's version could not be read: ${messageOf(thrown)}`)
    return { schemaVersion: null, migrations: [] }
  }
}

/** Good is exactly one row `ok`: a damaged index may be called `ok` too. */
function damageOf(database: DatabaseSync, tables: readonly Table[], warnings: string[]): string[] {
  const damage = integrityOf(database, tables, warnings)
  if (damage.length > 0) return damage.slice(0, DAMAGE_LINES)
  warnings.push(...foreignKeyWarnings(database))
  return []
}

function integrityOf(database: DatabaseSync, tables: readonly Table[], warnings: string[]): string[] {
  try {
    return judged(texts(database, "PRAGMA integrity_check"))
  } catch (thrown) {
    if (!isMissingCollation(thrown)) return [messageOf(thrown)]
    return tables.flatMap((table) => tableDamage(database, table, warnings))
  }
}

/** With a collation that only the app has, the whole cannot be checked, but every other table can. */
function tableDamage(database: DatabaseSync, table: Table, warnings: string[]): string[] {
  try {
    return judged(texts(database, `PRAGMA integrity_check(${quoted(table.name)})`))
  } catch (thrown) {
    if (!isMissingCollation(thrown)) return [messageOf(thrown)]
    warnings.push(`the order inside ${table.name} could not be checked: ${messageOf(thrown)}`)
    return []
  }
}

function judged(rows: readonly (readonly (string | null)[])[]): string[] {
  const lines = rows.map((row) => row[0] ?? "")
  if (lines.length === 1 && lines[0] === "ok") return []
  return lines.length === 0 ? ["integrity_check said nothing"] : lines
}

function foreignKeyWarnings(database: DatabaseSync): string[] {
  try {
    const broken = texts(database, 'SELECT "table", count(*) FROM pragma_foreign_key_check GROUP BY 1 ORDER BY 1')
    return broken.map(
      ([table, count]) => `${counted(Number(count), "row")} of ${table} ${count === "1" ? "breaks" : "break"} a foreign key`,
    )
  } catch (thrown) {
    return [`foreign keys could not be checked: ${messageOf(thrown)}`]
  }
}

function isMissingCollation(thrown: unknown): boolean {
  return thrown instanceof Error && "errcode" in thrown && thrown.errcode === MISSING_COLLATION
}

function one(database: DatabaseSync, sql: string): string | null {
  return texts(database, sql)[0]?.[0] ?? null
}
