/** Asks before the dump starts whether the role may see every row, so that the error names the table (F43, F44). */
import { HoldfastError } from "../../../base/errors.ts"
import { column, type SqlSession } from "./session.ts"

const USER_SCHEMA = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relpersistence <> 't'"
const NOT_OF_EXTENSION =
  "NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')"
const FROM_RELATIONS = "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
const NAME = "pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)"

const UNREADABLE = `SELECT ${NAME} ${FROM_RELATIONS}
WHERE ${USER_SCHEMA} AND ${NOT_OF_EXTENSION} AND (
  (c.relkind IN ('r', 'p', 'S') AND NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE'))
  OR (c.relkind IN ('r', 'p') AND NOT pg_catalog.has_table_privilege(c.oid, 'SELECT'))
  OR (c.relkind = 'S' AND NOT pg_catalog.has_sequence_privilege(c.oid, 'SELECT')))
ORDER BY 1`

const FILTERED = `SELECT ${NAME} ${FROM_RELATIONS}
WHERE ${USER_SCHEMA} AND c.relkind IN ('r', 'p') AND pg_catalog.row_security_active(c.oid) ORDER BY 1`

/** Throws DATABASE_RIGHTS_MISSING, naming tables and role. */
export async function assertReadable(session: SqlSession, user: string): Promise<void> {
  const unreadable = await column(session, UNREADABLE)
  if (unreadable.length > 0) {
    throw new HoldfastError("DATABASE_RIGHTS_MISSING", {
      what: `role ${user} may not read ${listed(unreadable)}`,
      details: { tables: unreadable },
    })
  }
  const filtered = await column(session, FILTERED)
  if (filtered.length > 0) {
    throw new HoldfastError("DATABASE_RIGHTS_MISSING", {
      what: `row-level security hides rows of ${listed(filtered)} from role ${user}`,
      hint: "Use the owner of these tables, or a role with BYPASSRLS.",
      details: { tables: filtered },
    })
  }
}

export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ")
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown
}
