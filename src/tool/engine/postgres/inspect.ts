/** What can be said about a database without reading its data. */
import type { PostgresSource } from "../../../app/app.ts"
import type { DatabaseInspection } from "../../../app/ports.ts"
import type { Access } from "./access.ts"
import { identifier } from "./quote.ts"
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
  const role = identifier(source.user)
  if (!mayCreate) {
    const why = `role ${source.user} may not create databases (CREATEDB is missing)`
    return { allowed: false, why, remedy: remedyBy(`ALTER ROLE ${role} CREATEDB`) }
  }
  if (!isOwner) {
    const why = `role ${source.user} does not own database ${source.database} (its owner is ${owner})`
    return { allowed: false, why, remedy: remedyBy(`GRANT ${identifier(owner)} TO ${role}`) }
  }
  return { allowed: true }
}

/** There is no way of restoring over a database that may not be renamed; saying so before the disaster is doctor's work. */
function remedyBy(statement: string): string {
  return `As a superuser run \`${statement}\`; or restore beside with --into DIR and load the dump with pg_restore.`
}
