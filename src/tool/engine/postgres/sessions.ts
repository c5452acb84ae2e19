/** Who else is connected, and ending what an interrupted operation left behind. */
import type { Session } from "../../../app/ports.ts"
import type { RunContext } from "../../../base/run-context.ts"
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

const GONE_WITHIN_MS = 30_000
const LOOK_EVERY_MS = 100

/**
 * Ends every session that carries this application name, in any database, and waits until the server has undone what they were at;
 * returns how many.
 * @param backend only the session with this process of the server
 */
export async function endSessionsNamed(
  session: SqlSession,
  applicationName: string,
  ctx: RunContext,
  backend: string | null = null,
): Promise<number> {
  const only = backend === null ? "" : ` AND pid = ${literal(backend)}::int`
  const theirs = `FROM pg_catalog.pg_stat_activity
     WHERE application_name = ${literal(applicationName)} AND pid <> pg_catalog.pg_backend_pid()${only}`
  const ended = await scalar(session, `SELECT pg_catalog.count(*) FILTER (WHERE pg_catalog.pg_terminate_backend(pid)) ${theirs}`)
  const limit = ctx.clock.monotonicMs() + GONE_WITHIN_MS
  while ((await scalar(session, `SELECT pg_catalog.count(*) ${theirs}`)) !== "0" && ctx.clock.monotonicMs() < limit) {
    await ctx.clock.sleep(LOOK_EVERY_MS, ctx.signal)
  }
  return Number(ended)
}
