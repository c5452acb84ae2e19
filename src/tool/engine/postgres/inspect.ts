/** What can be said about a database without reading its data. */
import type { PostgresSource } from "../../../app/app.ts"
import type { DatabaseInspection } from "../../../app/ports.ts"
import type { Access } from "./access.ts"
import type { SqlSession } from "./session.ts"

const RIGHTS = `
SELECT r.rolsuper OR r.rolcreatedb, r.rolsuper OR pg_catalog.pg_has_role(d.datdba, 'MEMBER'),
       pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.pg_database_size(d.oid)
FROM pg_catalog.pg_roles r, pg_catalog.pg_database d
WHERE r.rolname = current_user AND d.datname = pg_catalog.current_database()`

export async function inspectDatabase(session: SqlSession, access: Access, source: PostgresSource): Promise<DatabaseInspection> {
  const [row] = await session.rows(RIGHTS)
  const [mayCreate, isOwner, owner, size] = row ?? []
  return {
    engineVersion: access.serverVersion,
    sizeBytes: Number(size ?? 0),
    access: access.description,
    toolVersion: access.tools.version,
    canSwap: canSwap(source, mayCreate === "t", isOwner === "t", owner ?? "?"),
  }
}

function canSwap(source: PostgresSource, mayCreate: boolean, isOwner: boolean, owner: string): DatabaseInspection["canSwap"] {
  if (!mayCreate) return { allowed: false, why: `role ${source.user} may not create databases (CREATEDB is missing)` }
  if (!isOwner) return { allowed: false, why: `role ${source.user} does not own database ${source.database} (its owner is ${owner})` }
  return { allowed: true }
}
