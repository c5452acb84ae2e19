/** One conversation with a server, whatever carries it (TCP, a socket, `psql` inside a container). */
import type { RunContext } from "../../../base/run-context.ts"

export type Row = readonly (string | null)[]

export interface SqlSession {
  /** Runs one statement; all values come as the server's own text. Throws a HoldfastError. */
  rows(sql: string): Promise<readonly Row[]>
  /** Ends the session; an open transaction is rolled back by the server. Never throws. */
  end(): Promise<void>
}

/** Opens a session, hands it to `use`, and ends it whatever happens. */
export async function withSession<T>(open: () => Promise<SqlSession>, use: (session: SqlSession) => Promise<T>): Promise<T> {
  const session = await open()
  try {
    return await use(session)
  } finally {
    await session.end()
  }
}

/** The one text of a query that gives one row with one column; null when there is none. */
export async function scalar(session: SqlSession, sql: string): Promise<string | null> {
  const rows = await session.rows(sql)
  return rows[0]?.[0] ?? null
}

/** The first column of every row. */
export async function column(session: SqlSession, sql: string): Promise<readonly string[]> {
  const rows = await session.rows(sql)
  return rows.map((row) => row[0] ?? "")
}

export function applicationName(ctx: Pick<RunContext, "operationId">): string {
  return `holdfast:${ctx.operationId}`
}

const TIMEOUTS = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout", "transaction_timeout"]

/**
 * Undoes what a role or database may have set to end long work (F55), makes hidden rows an error (F43), and keeps objects of
 * the application out of our own queries. The server notices within seconds when we are gone.
 */
export const PREPARE_SESSION: readonly string[] = [
  `SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name IN (${TIMEOUTS.map((name) => `'${name}'`).join(", ")})`,
  "SELECT pg_catalog.set_config(name, '5s', false) FROM pg_catalog.pg_settings WHERE name = 'client_connection_check_interval'",
  "SET row_security = off",
  "SET default_transaction_read_only = off",
  "SET standard_conforming_strings = on",
  "SET datestyle = 'ISO'",
  "SET search_path = ''",
]

/** The same for libpq programs; only settings that every supported server knows. */
export const CLIENT_OPTIONS =
  "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 -c default_transaction_read_only=off"

/** Runs `use` with the search path that the application itself would have: queries of recipes and operators are written for that. */
export async function withAppSearchPath<T>(session: SqlSession, use: () => Promise<T>): Promise<T> {
  await session.rows("RESET search_path")
  const result = await use()
  await session.rows("SET search_path = ''")
  return result
}
