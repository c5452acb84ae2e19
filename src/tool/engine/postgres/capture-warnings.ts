/** What an operator should know about a database that was captured: each of these has a stated outcome (F49, F50, F56). */
import { listed } from "./capture-rights.ts"
import { column, type SqlSession } from "./session.ts"

interface Check {
  readonly sql: string
  readonly warning: (names: string) => string
}

const RELATION = "pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)"
const RELATIONS = `SELECT ${RELATION} FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`
const HERE = "(SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())"

const CHECKS: readonly Check[] = [
  {
    sql: `${RELATIONS} WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'u' ORDER BY 1`,
    warning: (names) => `unlogged tables are in the point, but a crash of the server empties them: ${names}`,
  },
  {
    sql: `${RELATIONS} WHERE c.relkind = 'f' ORDER BY 1`,
    warning: (names) => `foreign tables are saved as definitions only, their rows live elsewhere: ${names}`,
  },
  {
    sql: `SELECT slot_name FROM pg_catalog.pg_replication_slots WHERE slot_type = 'logical' AND database = pg_catalog.current_database() ORDER BY 1`,
    warning: (names) => `logical replication slots are not saved; their consumers must start anew after a restore: ${names}`,
  },
  {
    sql: `SELECT subname FROM pg_catalog.pg_subscription WHERE subdbid = ${HERE} ORDER BY 1`,
    warning: (names) => `subscriptions come back disabled: ${names}`,
  },
  {
    sql: `SELECT spcname FROM pg_catalog.pg_tablespace t WHERE t.spcname NOT IN ('pg_default', 'pg_global')
          AND t.oid IN (SELECT reltablespace FROM pg_catalog.pg_class
                        UNION SELECT dattablespace FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) ORDER BY 1`,
    warning: (names) => `a restore puts everything into the default tablespace; in use now: ${names}`,
  },
  {
    sql: `SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.collname)
          FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
          WHERE c.collversion <> pg_catalog.pg_collation_actual_version(c.oid)
          AND EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_catalog.pg_collation'::pg_catalog.regclass AND d.refobjid = c.oid) ORDER BY 1`,
    warning: (names) => `the operating system's collations changed since indexes were built (REINDEX the database): ${names}`,
  },
  {
    sql: "SELECT 'off' WHERE pg_catalog.current_setting('data_checksums') = 'off'",
    warning: () => "data checksums are off: the server cannot tell when its disk returns damaged pages",
  },
  {
    sql: `SELECT checksum_failures::text FROM pg_catalog.pg_stat_database WHERE datid = ${HERE} AND checksum_failures > 0`,
    warning: (count) => `the source is damaged: the server counted ${count} checksum failures; older points should be kept`,
  },
  {
    sql: `SELECT name FROM pg_catalog.pg_settings WHERE name IN ('zero_damaged_pages', 'ignore_checksum_failure') AND setting = 'on' ORDER BY 1`,
    warning: (names) => `the server is told to read over damaged pages, rows may be missing: ${names}`,
  },
]

/** From 15 on the database itself records the version of its collation. */
const DATABASE_COLLATION = `SELECT datcollversion FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
  AND datcollversion <> pg_catalog.pg_database_collation_actual_version(oid)`

export async function captureWarnings(session: SqlSession, serverMajor: number): Promise<readonly string[]> {
  const warnings: string[] = []
  for (const check of CHECKS) {
    const names = await column(session, check.sql)
    if (names.length > 0) warnings.push(check.warning(listed(names)))
  }
  const stale = serverMajor >= 15 ? await column(session, DATABASE_COLLATION) : []
  if (stale.length > 0) {
    warnings.push(`the operating system's collation changed since the database was made (version ${listed(stale)}): REINDEX the database`)
  }
  return warnings
}
