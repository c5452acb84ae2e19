/** Whether a database is visibly being worked on by the app: a migration that runs is waited for, not cut off. */
import { isHoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { DatabaseSource } from "./app.ts"
import type { DatabaseEngine } from "./ports.ts"

/** As much of the engines as a question needs. */
export interface RowAnswers {
  for(source: DatabaseSource): Pick<DatabaseEngine, "query">
}

/**
 * One statement that runs for seconds, or a transaction that has locked a table against everybody, as `ALTER TABLE` does. The text of the
 * statement may hold a secret, so only its first word is told. Sessions of ours and dumps change nothing and do not count.
 */
const AT_WORK = `
SELECT CASE WHEN a.state = 'active' THEN pg_catalog.upper(pg_catalog.split_part(pg_catalog.btrim(a.query, E' \\n\\t'), ' ', 1)) || ' of ' ELSE 'a transaction of ' END
       || coalesce(nullif(a.application_name, ''), a.usename::text, 'a client')
FROM pg_catalog.pg_stat_activity a
WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()
  AND coalesce(a.backend_type, 'client backend') = 'client backend'
  AND a.application_name NOT LIKE 'holdfast:%' AND a.application_name <> 'pg_dump'
  AND ((a.state = 'active' AND a.query_start < pg_catalog.clock_timestamp() - interval '2 seconds')
    OR EXISTS (SELECT 1 FROM pg_catalog.pg_locks l
               WHERE l.pid = a.pid AND l.granted AND l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'))
ORDER BY a.query_start LIMIT 1`

/** In words for people; null when nothing is seen, also where the database cannot be asked. */
export async function databaseAtWork(databases: RowAnswers, sources: readonly DatabaseSource[], ctx: RunContext): Promise<string | null> {
  for (const source of sources) {
    // A file says nothing of who works on it.
    if (source.engine !== "postgres") continue
    try {
      const [row] = await databases.for(source).query(source, null, AT_WORK, ctx)
      if (row?.[0]) return `${row[0]} is at work in database ${source.name}`
    } catch (thrown) {
      ctx.signal.throwIfAborted()
      if (!isHoldfastError(thrown)) throw thrown
      // A database that does not answer is told by the app's own health; this look only asks whether to wait longer.
    }
  }
  return null
}
