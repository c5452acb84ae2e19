import type { DatabaseSource } from "../app/app.ts"
import type { RunContext } from "../base/run-context.ts"

/** The only thing that is asked of the engines when rows are looked at. */
export interface RowQueries {
  for(source: DatabaseSource): {
    query(source: DatabaseSource, name: string | null, sql: string, ctx: RunContext): Promise<readonly (readonly (string | null)[])[]>
  }
}

/** A recipe speaks of its newest schema; a point of an older version may not have the table or the column yet. */
export async function hasColumn(
  engines: RowQueries,
  place: { readonly source: DatabaseSource; readonly database: string | null },
  { table, column }: { readonly table: string; readonly column: string },
  ctx: RunContext,
): Promise<boolean> {
  const rows = await engines.for(place.source).query(place.source, place.database, catalogQuery(place.source, table, column), ctx)
  return Number(rows[0]?.[0] ?? 0) > 0
}

function catalogQuery(source: DatabaseSource, table: string, column: string): string {
  if (source.engine === "sqlite") return `select count(*) from pragma_table_info(${literal(table)}) where name = ${literal(column)}`
  const relation = literal(`"${table.replaceAll('"', '""')}"`)
  return `select count(*)::text from pg_attribute where attrelid = to_regclass(${relation}) and attname = ${literal(column)} and not attisdropped`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
