/** Whether this role may copy a database by `TEMPLATE` and give the copy back its owner; asked before anybody's session is ended. */
import type { PostgresSource } from "../../../app/app.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { SqlSession } from "./session.ts"

export interface CloneAnswer {
  readonly possible: boolean
  /** Empty when it is possible. */
  readonly why: string
  /** Of the database as it is now; a copy takes as much. */
  readonly sizeBytes: number
}

/** `USAGE`, not `MEMBER`: the server lets a role copy what it owns only by rights that it has without SET ROLE. */
const RIGHTS = `
SELECT r.rolsuper OR r.rolcreatedb, pg_catalog.pg_has_role(d.datdba, 'USAGE') AND pg_catalog.pg_has_role(d.datdba, 'MEMBER'),
       pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.pg_database_size(d.oid)
FROM pg_catalog.pg_roles r, pg_catalog.pg_database d
WHERE r.rolname = current_user AND d.datname = pg_catalog.current_database()`

/** Asks in a session on the database itself; changes nothing. */
export async function canClone(session: SqlSession, source: PostgresSource): Promise<CloneAnswer> {
  const [row] = await session.rows(RIGHTS)
  const [mayCreate, ownsIt, owner, size] = row ?? []
  const sizeBytes = Number(size ?? 0)
  if (mayCreate !== "t") {
    return { possible: false, why: `role ${source.user} may not create databases (CREATEDB is missing)`, sizeBytes }
  }
  if (ownsIt !== "t") {
    const why = `role ${source.user} has not the rights of the owner of database ${source.database} (its owner is ${owner ?? "?"})`
    return { possible: false, why, sizeBytes }
  }
  return { possible: true, why: "", sizeBytes }
}

/** The same, as an error. Throws DATABASE_RENAME_REFUSED. */
export async function requireClonable(session: SqlSession, source: PostgresSource): Promise<{ readonly sizeBytes: number }> {
  const { possible, why, sizeBytes } = await canClone(session, source)
  if (possible) return { sizeBytes }
  throw new HoldfastError("DATABASE_RENAME_REFUSED", { what: `database ${source.database} may not be copied by this role`, why })
}
