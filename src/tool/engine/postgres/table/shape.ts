import { HoldfastError } from "../../../../base/errors.ts"
import { literals } from "../quote.ts"
import type { SqlSession } from "../session.ts"
import { NAME } from "./reference.ts"

export interface TableShape {
  /** `r` table, `p` partitioned table. */
  readonly kind: string
  /** A partition, or a table that others inherit from: its rows are not all its own business. */
  readonly partOfOthers: boolean
  /** Type by column; generated columns say so. */
  readonly columns: ReadonlyMap<string, string>
}

/** Shapes by the name that facts give a table. */
export async function shapesOf(session: SqlSession, tables: readonly string[]): Promise<ReadonlyMap<string, TableShape>> {
  const rows = await session.rows(
    `SELECT ${NAME}, c.relkind, c.relispartition OR c.relkind = 'p' OR EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhparent, i.inhrelid)),
       a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attgenerated = '' THEN '' ELSE ' generated' END
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relkind IN ('r', 'p') AND ${NAME} IN (${literals(tables)}) ORDER BY 1, a.attnum`,
  )
  const shapes = new Map<string, { kind: string; partOfOthers: boolean; columns: Map<string, string> }>()
  for (const [name, kind, partOfOthers, column, type] of rows) {
    const shape = shapes.get(name ?? "") ?? { kind: kind ?? "", partOfOthers: partOfOthers === "t", columns: new Map<string, string>() }
    shape.columns.set(column ?? "", type ?? "")
    shapes.set(name ?? "", shape)
  }
  return shapes
}

/** Throws TABLE_NOT_REPLACEABLE, naming what differs, unless the rows of the point fit the table as it is now. */
export function requireSameShape(table: string, then: TableShape | undefined, now: TableShape | undefined): void {
  if (then === undefined) throw notReplaceable(table, "the point does not have it")
  if (now === undefined) throw notReplaceable(table, "it does not exist any more")
  if (now.partOfOthers || then.partOfOthers) throw notReplaceable(table, "it is partitioned, a partition, or part of an inheritance")
  const differences = differing(then.columns, now.columns)
  if (differences.length > 0) throw notReplaceable(table, differences.join("; "))
}

/** In words, column by column; their order does not matter, because rows go in by name. */
export function differing(then: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): readonly string[] {
  const lost = [...then.keys()].filter((name) => !now.has(name)).map((name) => `column ${name} of the point does not exist any more`)
  const came = [...now.keys()].filter((name) => !then.has(name)).map((name) => `column ${name} did not exist at the point`)
  const changed = [...then].flatMap(([name, type]) => {
    const present = now.get(name)
    return present === undefined || present === type ? [] : [`column ${name} was ${type} and is ${present} now`]
  })
  return [...lost, ...came, ...changed]
}

export function notReplaceable(table: string, why: string): HoldfastError {
  return new HoldfastError("TABLE_NOT_REPLACEABLE", { what: `the rows of ${table} cannot be replaced alone`, why })
}
