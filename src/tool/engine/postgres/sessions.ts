/** Who else is connected, and ending what an interrupted operation left behind. */
import type { Session } from "../../../app/ports.ts"
import { literal } from "./quote.ts"
import { scalar, type SqlSession } from "./session.ts"

/** Client sessions on a database other than ours. */
export async function sessionsOn(session: SqlSession, database: string): Promise<readonly Session[]> {
  const rows = await session.rows(`
    SELECT coalesce(usename, ''), coalesce(nullif(application_name, ''), 'unnamed program'), coalesce(pg_catalog.host(client_addr), 'local socket')
    FROM pg_catalog.pg_stat_activity
    WHERE datname = ${literal(database)} AND pid <> pg_catalog.pg_backend_pid()
      AND coalesce(backend_type, 'client backend') IN ('client backend', 'walsender')
      AND application_name <> pg_catalog.current_setting('application_name')
    ORDER BY backend_start`)
  return rows.map(([user, program, address]) => ({ user: user ?? "", program: program ?? "", address: address ?? "" }))
}

/** Ends every session that carries this application name, in any database; returns how many. */
export async function endSessionsNamed(session: SqlSession, applicationName: string): Promise<number> {
  const ended = await scalar(
    session,
    `SELECT pg_catalog.count(*) FILTER (WHERE pg_catalog.pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity
     WHERE application_name = ${literal(applicationName)} AND pid <> pg_catalog.pg_backend_pid()`,
  )
  return Number(ended)
}
