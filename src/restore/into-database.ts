/** One PostgreSQL database of a point as a new database on any server. */
import type { App, PostgresSource } from "../app/app.ts"
import type { DatabaseEngine } from "../app/ports.ts"
import { schemaQueries } from "../app/schema-queries.ts"
import { HoldfastError, isHoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { StepTable } from "../operation/journal.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import type { ChosenTables } from "./choose-tables.ts"
import { databaseSource } from "./replacement.ts"
import type { RestoreTools } from "./ports.ts"
import { requireSameFacts, stageDump, type Origin } from "./stage.ts"
import { tablesOf } from "./stage-tables.ts"

/** Always there, so that the server can be reached before the database is. */
const MAINTENANCE = "postgres"

const besideSteps = {
  "restore-beside": { title: "restore a database beside", crashLeadsTo: "nothing live was touched; the half-made database is named" },
} as const satisfies StepTable

/**
 * Restores one PostgreSQL database of a point as a new database on any server, touching nothing live, and compares its facts; with tables,
 * all others are removed then. It gets its name when it is whole. One that exists is refused even if it is empty, because nothing that another made is ever dropped.
 * Throws TARGET_IS_LIVE, TARGET_NOT_EMPTY, DATABASE_RESTORE_FAILED, DATABASE_FACTS_DIFFER, TABLE_NOT_REPLACEABLE; what was begun is
 * dropped when it fails. Returns the operation's id.
 */
export async function restoreIntoDatabase(
  tools: RestoreTools,
  origin: Origin,
  app: App,
  { part, tables }: ChosenTables,
  target: PostgresSource,
  command: string,
  base: ContextBase,
): Promise<string> {
  const server = { ...target, database: MAINTENANCE }
  const engine = tools.databases.for<PostgresSource>(server)
  const into = { host: target.host, port: target.port ?? 5432, database: target.database }
  const plan = { vault: origin.vault.location.name, point: origin.point.manifest.id, part: part.part, tables: [...tables], into }
  const request = { kind: "restore" as const, app: app.name, steps: besideSteps, plan, command }
  const end = await runOperation(tools, request, base, async (journal, ctx) => {
    await refuseLive(tools, app, target, ctx)
    const names = engine.planNames(target, ctx.operationId)
    if ((await engine.observe(server, names, ctx)).live)
      throw new HoldfastError("TARGET_NOT_EMPTY", { what: `database ${target.database} is already there` })
    await journal.step("restore-beside", { staged: names.staged }, async () => {
      await stageChecked(tools, origin, app, { part, tables }, server, names.staged, ctx)
      await engine.swapIn(server, names, ctx)
    })
    return { outcome: "succeeded", result: null, record: plan }
  })
  return end.operationId
}

async function stageChecked(
  tools: RestoreTools,
  origin: Origin,
  app: App,
  { part, tables }: ChosenTables,
  server: PostgresSource,
  name: string,
  ctx: RunContext,
): Promise<void> {
  const engine: DatabaseEngine<PostgresSource> = tools.databases.for<PostgresSource>(server)
  const schema = schemaQueries(app, databaseSource(app, part.name))
  const made = await stageDump(tools.databases, origin, part, { source: server, name, schema }, ctx)
  try {
    requireSameFacts(part, made.facts)
    if (tables.length > 0) await tablesOf(engine, part.part).keepOnly(server, name, tables, ctx)
  } catch (thrown) {
    await engine.drop(server, name, ctx)
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
