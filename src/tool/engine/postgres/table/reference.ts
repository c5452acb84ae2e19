import type { TableReference } from "../../../../app/table-ports.ts"
import { literals } from "../quote.ts"
import type { SqlSession } from "../session.ts"

/** `pg_class` rows by the name that facts give them. */
export const NAME = "pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)"

/** Oids of tables by the names that facts give them, for `IN (…)`. */
export function oidsOf(tables: readonly string[]): string {
  return `SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND ${NAME} IN (${literals(tables)})`
}

/** Foreign keys of tables that are not among these and lead to one of them. */
export async function referencesTo(session: SqlSession, tables: readonly string[]): Promise<readonly TableReference[]> {
  const oids = oidsOf(tables)
  const rows = await session.rows(
    `SELECT DISTINCT k.conrelid::pg_catalog.regclass::text, k.confrelid::pg_catalog.regclass::text FROM pg_catalog.pg_constraint k
     WHERE k.contype = 'f' AND k.confrelid IN (${oids}) AND k.conrelid NOT IN (${oids}) ORDER BY 1, 2`,
  )
  return rows.map(([from, to]) => ({ from: from ?? "", to: to ?? "" }))
}
