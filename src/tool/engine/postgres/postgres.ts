/** PostgreSQL: captures by the server's own pg_dump in one locked snapshot, stages beside, swaps by renaming databases. */
import type { PostgresSource } from "../../../app/app.ts"
import type { DatabaseEngine } from "../../../app/ports.ts"
import { HoldfastError, isHoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Access } from "./access.ts"
import { capture } from "./capture.ts"
import { checkDump } from "./check-dump.ts"
import { chooseAccess } from "./choose-access.ts"
import { canClone } from "./clone-rights.ts"
import { cloneBeside, dropPartial } from "./clone.ts"
import { createMemory, type EngineTools } from "./engine-tools.ts"
import { factsOf } from "./facts.ts"
import { inspectDatabase } from "./inspect.ts"
import { loadPlain } from "./load-plain.ts"
import { MAINTENANCE_DATABASES, openMaintenance } from "./maintenance.ts"
import { replacementNames } from "./names.ts"
import { otherDatabases } from "./other-databases.ts"
import { identifier } from "./quote.ts"
import { runQuery } from "./query.ts"
import { canRefill, refill } from "./refill.ts"
import { allowLogin } from "./roles.ts"
import { sweepScratchPlaces } from "./scratch-place.ts"
import { withScratch } from "./scratch.ts"
import { applicationName, withSession, type SqlSession } from "./session.ts"
import { endSessionsNamed, sessionsOn } from "./sessions.ts"
import { stage } from "./stage.ts"
import { allowConnections, observe, swapBack, swapIn } from "./swap.ts"
import { toPlain } from "./to-plain.ts"
import { createTableRestore } from "./table/table.ts"

export type { EngineTools } from "./engine-tools.ts"

const LOCK_TIMEOUT_MS = 15_000

export function createPostgresEngine(tools: EngineTools): DatabaseEngine<PostgresSource> {
  const memory = createMemory()
  const reach = async (source: PostgresSource, ctx: RunContext): Promise<Access> => await chooseAccess(tools, memory, source, ctx)
  const on = async <T>(source: PostgresSource, name: string | null, ctx: RunContext, use: Use<T>): Promise<T> => {
    const access = await reach(source, ctx)
    return await withSession(
      async () => await access.connect(name ?? source.database, ctx),
      async (session) => await use(session, access),
    )
  }
  const beside = async <T>(source: PostgresSource, outside: readonly string[], ctx: RunContext, use: Use<T>): Promise<T> => {
    const access = await reach(source, ctx)
    return await withSession(
      async () => await openMaintenance(access, outside, ctx),
      async (session) => await use(session, access),
    )
  }
  return {
    engine: "postgres",
    extension: "dump",
    inspect: async (source, ctx) => await on(source, null, ctx, async (session, access) => await inspectDatabase(session, access, source)),
    otherDatabases: async (source, ctx) => await on(source, null, ctx, async (session) => await otherDatabases(session)),
    capture: async (source, sink, schema, ctx) =>
      await capture(await reach(source, ctx), { source, sink, schema, lockTimeoutMs: tools.lockTimeoutMs ?? LOCK_TIMEOUT_MS }, ctx),
    facts: async (source, name, schema, ctx) =>
      await on(source, name, ctx, async (session, access) => await factsOf(session, access.serverVersion, schema, ctx.signal)),
    checkDump: async (dump, ctx, made) => await checkDump(tools, dump, made ?? null, ctx),
    planNames: (source, operationId) => replacementNames(source.database, operationId),
    stage: async (source, name, dump, shape, schema, ctx) => {
      const access = await reach(source, ctx)
      return await stage(access, { name, dump, shape, schema }, async () => await openMaintenance(access, [name], ctx), ctx)
    },
    loadPlain: async (source, name, dump, ctx) => {
      const access = await reach(source, ctx)
      await loadPlain(access, name, dump, async () => await openMaintenance(access, [name], ctx), ctx)
    },
    toPlain: async (dump, path, target, ctx) => await toPlain(tools, dump, path, target, ctx),
    query: async (source, name, sql, ctx) => await on(source, name, ctx, async (session) => await runQuery(session, sql)),
    sessions: async (source, ctx) => await beside(source, [], ctx, async (session) => await sessionsOn(session, source.database)),
    swapIn: async (source, names, ctx) =>
      await beside(source, Object.values(names), ctx, async (session) => await swapIn(session, names, ctx)),
    swapBack: async (source, names, ctx) =>
      await beside(source, Object.values(names), ctx, async (session) => await swapBack(session, names, ctx)),
    observe: async (source, names, ctx) => await beside(source, [], ctx, async (session) => await observe(session, names)),
    cloneBeside: async (source, name, ctx) => {
      const access = await reach(source, ctx)
      const maintenance = async (context: RunContext): Promise<SqlSession> =>
        await openMaintenance(access, [source.database, name], context)
      return await cloneBeside(access, { source, name, maintenance }, ctx)
    },
    canClone: async (source, ctx) => await on(source, null, ctx, async (session) => await canClone(session, source)),
    canRefill: async (source, ctx) => await on(source, null, ctx, async (session) => await canRefill(session)),
    refill: async (source, dump, schema, ctx) => await refill(await reach(source, ctx), source, dump, schema, ctx),
    allowLogin: async (source, role, password, ctx) =>
      await beside(source, [], ctx, async (session) => await allowLogin(session, role, password)),
    openBeside: async (source, name, ctx) =>
      await beside(source, [name], ctx, async (session) => await allowConnections(session, name, true)),
    drop: async (source, name, ctx) => {
      refuseToDrop(source, name)
      await beside(source, [name], ctx, async (session) => {
        await dropPartial(session, name)
        await session.rows(`DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE)`)
      })
    },
    endSessions: async (source, operationId, ctx) => {
      await sweepScratchPlaces(operationId, ctx)
      try {
        return await beside(source, [], ctx, async (session) => {
          const ended = await endSessionsNamed(session, applicationName({ operationId }), ctx)
          await dropPartial(session, replacementNames(source.database, operationId).kept)
          return ended
        })
      } catch (thrown) {
        // A server whose container does not run has no sessions; settling must not wait for it.
        if (isHoldfastError(thrown, "SERVICE_NOT_RUNNING") || isHoldfastError(thrown, "COMPOSE_SERVICE_MISSING")) return 0
        throw thrown
      }
    },
    sweepScratch: sweepScratchPlaces,
    tables: createTableRestore(tools, reach),
    scratch: async (_source, request, use, ctx) => await withScratch(tools, memory, request, use, ctx),
  }
}

type Use<T> = (session: SqlSession, access: Access) => Promise<T>

function refuseToDrop(source: PostgresSource, name: string): void {
  const system: readonly string[] = [...MAINTENANCE_DATABASES, "template0"]
  if (name !== source.database && !system.includes(name)) return
  throw new HoldfastError("TARGET_IS_LIVE", { what: `database ${name} is live and is not dropped` })
}
