/**
 * Takes off what would act while rows are replaced, and puts it back. Foreign keys would delete rows of other tables (ON DELETE CASCADE),
 * triggers would write more than was asked for. Put back, every foreign key is checked against every row. All of this happens in a copy.
 */
import { HoldfastError } from "../../../../base/errors.ts"
import { sqlStateOf } from "../failure.ts"
import { identifier, literal } from "../quote.ts"
import type { SqlSession } from "../session.ts"
import { oidsOf } from "./reference.ts"

interface ForeignKey {
  readonly table: string
  readonly to: string
  readonly name: string
  readonly definition: string
  readonly comment: string | null
}

/** Drops every foreign key from or to these tables, and tells what was dropped. */
export async function looseForeignKeys(session: SqlSession, tables: readonly string[]): Promise<readonly ForeignKey[]> {
  const oids = oidsOf(tables)
  // Those of partitions go and come with their parent's.
  const rows = await session.rows(
    `SELECT k.conrelid::pg_catalog.regclass::text, k.confrelid::pg_catalog.regclass::text, k.conname, pg_catalog.pg_get_constraintdef(k.oid),
       pg_catalog.obj_description(k.oid, 'pg_constraint')
     FROM pg_catalog.pg_constraint k
     WHERE k.contype = 'f' AND k.conparentid = 0 AND (k.conrelid IN (${oids}) OR k.confrelid IN (${oids})) ORDER BY 1, 3`,
  )
  const keys = rows.map(([table, to, name, definition, comment]): ForeignKey => ({
    table: table ?? "",
    to: to ?? "",
    name: name ?? "",
    definition: definition ?? "",
    comment: comment ?? null,
  }))
  for (const key of keys) await session.rows(`ALTER TABLE ${key.table} DROP CONSTRAINT ${identifier(key.name)}`)
  return keys
}

/** Puts them back, checked. Throws REFERENCES_BROKEN, naming the tables whose rows do not fit together. */
export async function fixForeignKeys(session: SqlSession, keys: readonly ForeignKey[]): Promise<void> {
  for (const key of keys) {
    const name = identifier(key.name)
    try {
      await session.rows(`ALTER TABLE ${key.table} ADD CONSTRAINT ${name} ${key.definition}`)
    } catch (thrown) {
      throw sqlStateOf(thrown) === "23503" ? broken(key, thrown) : thrown
    }
    if (key.comment !== null) await session.rows(`COMMENT ON CONSTRAINT ${name} ON ${key.table} IS ${literal(key.comment)}`)
  }
}

function broken(key: ForeignKey, cause: unknown): HoldfastError {
  return new HoldfastError("REFERENCES_BROKEN", {
    what: `rows of ${key.table} would refer to rows of ${key.to} that are not there (${key.name})`,
    hint: "Restore both tables together (--table twice), or the whole database.",
    cause,
  })
}

interface Trigger {
  readonly table: string
  readonly name: string
  /** How it was enabled: `O` as usual, `A` always, `R` in replicas. */
  readonly enabled: string
}

/** Disables every enabled trigger of these tables, and tells which. */
export async function looseTriggers(session: SqlSession, tables: readonly string[]): Promise<readonly Trigger[]> {
  const rows = await session.rows(
    `SELECT tgrelid::pg_catalog.regclass::text, tgname, tgenabled FROM pg_catalog.pg_trigger
     WHERE NOT tgisinternal AND tgenabled <> 'D' AND tgrelid IN (${oidsOf(tables)}) ORDER BY 1, 2`,
  )
  const triggers = rows.map(([table, name, enabled]): Trigger => ({ table: table ?? "", name: name ?? "", enabled: enabled ?? "O" }))
  for (const { table, name } of triggers) await session.rows(`ALTER TABLE ${table} DISABLE TRIGGER ${identifier(name)}`)
  return triggers
}

const ENABLE: Readonly<Record<string, string>> = { A: "ENABLE ALWAYS", R: "ENABLE REPLICA" }

export async function fixTriggers(session: SqlSession, triggers: readonly Trigger[]): Promise<void> {
  for (const { table, name, enabled } of triggers)
    await session.rows(`ALTER TABLE ${table} ${ENABLE[enabled] ?? "ENABLE"} TRIGGER ${identifier(name)}`)
}

/** Nothing cascades: what refers to them was taken off before. */
export async function emptyTables(session: SqlSession, tables: readonly string[]): Promise<void> {
  await session.rows(`TRUNCATE ${tables.map((table) => `ONLY ${table}`).join(", ")}`)
}

interface Sequence {
  readonly name: string
  readonly table: string
  readonly column: string
  readonly ascending: boolean
  readonly lastValue: string
  readonly isCalled: boolean
}

/** The sequences of the tables' own columns, with where they stand: loading rows sets them back to where they stood at the point. */
export async function sequencesOf(session: SqlSession, tables: readonly string[]): Promise<readonly Sequence[]> {
  const rows = await session.rows(
    `SELECT s.seqrelid::pg_catalog.regclass::text, a.attrelid::pg_catalog.regclass::text, a.attname, s.seqincrement > 0
     FROM pg_catalog.pg_depend d
     JOIN pg_catalog.pg_sequence s ON s.seqrelid = d.objid
     JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
       AND d.deptype IN ('a', 'i') AND d.refobjid IN (${oidsOf(tables)}) ORDER BY 1`,
  )
  const sequences: Sequence[] = []
  for (const [name, table, columnName, ascending] of rows) {
    const [state] = await session.rows(`SELECT last_value, is_called FROM ${name ?? ""}`)
    sequences.push({
      name: name ?? "",
      table: table ?? "",
      column: columnName ?? "",
      ascending: ascending === "t",
      lastValue: state?.[0] ?? "1",
      isCalled: state?.[1] === "t",
    })
  }
  return sequences
}

/** Each goes on behind the highest number in the rows or where it stood, whichever is further: no number is given out twice. */
export async function advanceSequences(session: SqlSession, sequences: readonly Sequence[]): Promise<void> {
  for (const { name, table, column, ascending, lastValue, isCalled } of sequences) {
    const [furthest, beyond] = ascending ? ["max", ">="] : ["min", "<="]
    await session.rows(
      `SELECT pg_catalog.setval(${literal(name)}, CASE WHEN m ${beyond} ${lastValue} THEN m ELSE ${lastValue} END, ${isCalled} OR coalesce(m ${beyond} ${lastValue}, false))
       FROM (SELECT pg_catalog.${furthest}(${identifier(column)})::bigint AS m FROM ONLY ${table}) t`,
    )
  }
}
