import type { App, PostgresSource } from "../app/app.ts"
import { schemaQueries } from "../app/schema-queries.ts"
import { HoldfastError, isHoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { DatabasePart } from "../recovery-point/manifest.ts"
import { databaseSource } from "./replacement.ts"
import type { RestoreTools } from "./ports.ts"
import { requireSameFacts, stageDump, type Origin } from "./stage.ts"

/** Always there, so that the server can be reached before the database is. */
const MAINTENANCE = "postgres"

/**
 * Restores one PostgreSQL database of a point as a new database on any server, touching nothing live, and compares its facts. The
 * database is made here: one that exists is refused even if it is empty, because nothing that another made is ever dropped.
 * Throws TARGET_IS_LIVE, TARGET_NOT_EMPTY, DATABASE_RESTORE_FAILED, DATABASE_FACTS_DIFFER; what was begun is dropped when it fails.
 */
export async function restoreIntoDatabase(
  tools: RestoreTools,
  origin: Origin,
  app: App,
  part: DatabasePart,
  target: PostgresSource,
  ctx: RunContext,
): Promise<void> {
  const server = { ...target, database: MAINTENANCE }
  const engine = tools.databases.for<PostgresSource>(server)
  await refuseLive(tools, app, target, ctx)
  const schema = schemaQueries(app, databaseSource(app, part.name))
  const made = await stageDump(tools.databases, origin, part, { source: server, name: target.database, schema }, ctx)
  try {
    requireSameFacts(part, made.facts)
  } catch (thrown) {
    await engine.drop(server, target.database, ctx)
    throw thrown
  }
}

/** The same name on the same server, by whatever address: a server is told by the instant it was started. */
async function refuseLive(tools: RestoreTools, app: App, target: PostgresSource, ctx: RunContext): Promise<void> {
  for (const source of app.databases) {
    if (source.engine !== "postgres" || source.database !== target.database) continue
    const sameAddress = source.host === target.host && (source.port ?? 5432) === (target.port ?? 5432)
    if (!sameAddress && !(await sameServer(tools, source, { ...target, database: MAINTENANCE }, ctx))) continue
    throw new HoldfastError("TARGET_IS_LIVE", { what: `database ${target.database} is in use by ${app.name} (database:${source.name})` })
  }
}

async function sameServer(tools: RestoreTools, live: PostgresSource, target: PostgresSource, ctx: RunContext): Promise<boolean> {
  const started = await startOf(tools, target, ctx)
  try {
    return (await startOf(tools, live, ctx)) === started
  } catch (thrown) {
    // A live server that does not answer cannot be told from the target; one that exists there under this name is refused anyway.
    if (!isHoldfastError(thrown) || ctx.signal.aborted) throw thrown
    return false
  }
}

async function startOf(tools: RestoreTools, source: PostgresSource, ctx: RunContext): Promise<string | null> {
  const sql = "SELECT extract(epoch FROM pg_catalog.pg_postmaster_start_time())::text"
  const rows = await tools.databases.for<PostgresSource>(source).query(source, null, sql, ctx)
  return rows[0]?.[0] ?? null
}
