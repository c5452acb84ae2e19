import { HoldfastError } from "../base/errors.ts"
import type { DatabasePart, ManifestPart } from "../recovery-point/manifest.ts"
import { toRestore, type RestoreOptions } from "./options.ts"
import type { Origin } from "./origin.ts"

/** Tables of one database of a point, by the names that facts give them. */
export interface ChosenTables {
  readonly part: DatabasePart
  readonly tables: readonly string[]
}

/**
 * Finds which databases of a point the named tables are in: `public.users`, or `users` where only one table is called that.
 * Throws PART_UNKNOWN for a table that is not there, USAGE for one that is there twice.
 */
export function chooseTables(parts: readonly ManifestPart[], names: readonly string[]): readonly ChosenTables[] {
  const databases = parts.filter((part) => part.kind === "database")
  const chosen = names.map((name) => onlyOne(name, candidates(databases, name), databases))
  return databases.flatMap((part) => {
    const tables = [...new Set(chosen.filter((one) => one.part === part).map((one) => one.table))].toSorted()
    return tables.length === 0 ? [] : [{ part, tables }]
  })
}

/** What a restore in place is about: whole parts, or the databases that the named tables are in. */
export function partsToRestore(
  origin: Origin,
  options: RestoreOptions,
): { readonly parts: readonly ManifestPart[]; readonly tables: readonly ChosenTables[] } {
  const parts = origin.point.manifest.parts.filter((part) => toRestore(options, part.part))
  if (options.tables.length === 0) return { parts, tables: [] }
  const tables = chooseTables(parts, options.tables)
  return { parts: tables.map((one) => one.part), tables }
}

interface Candidate {
  readonly part: DatabasePart
  readonly table: string
}

function candidates(databases: readonly DatabasePart[], name: string): readonly Candidate[] {
  const all = databases.flatMap((part) => tablesIn(part).map((table) => ({ part, table })))
  const exact = all.filter(({ table }) => table === name)
  return exact.length > 0 ? exact : all.filter(({ table }) => bare(table) === name)
}

function onlyOne(name: string, found: readonly Candidate[], databases: readonly DatabasePart[]): Candidate {
  const [only] = found
  if (only !== undefined && found.length === 1) return only
  if (only === undefined) {
    const there = databases.map((part) => `${part.part}: ${tablesIn(part).join(", ") || "no tables"}`).join("; ")
    throw new HoldfastError("PART_UNKNOWN", {
      what: `the point has no table ${name}`,
      why: there === "" ? "it has no database" : there,
      hint: "Name it as the list above does.",
    })
  }
  const places = found.map(({ part, table }) => `${table} of ${part.part}`).join(", ")
  throw new HoldfastError("USAGE", {
    what: `table ${name} is there more than once: ${places}`,
    hint: "Give its full name, or --only with the database.",
  })
}

/** Names of a database's tables, as `--table` takes them. Large objects are counted beside the tables, but are none. */
export function tablesIn(part: DatabasePart): readonly string[] {
  return Object.keys(part.facts.rows).filter((table) => !table.startsWith("pg_catalog."))
}

/** `users` of `public.users`, `My table` of `public."My table"`. */
function bare(table: string): string {
  const last = /(?:^|\.)("(?:[^"]|"")*"|[^."]+)$/.exec(table)?.[1] ?? table
  return last.startsWith('"') ? last.slice(1, -1).replaceAll('""', '"') : last
}
