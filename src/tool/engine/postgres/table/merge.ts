/**
 * A copy of the live database in which some tables hold the rows of a point. It lies beside and is swapped in like any restored database,
 * so that nothing live changes before it is whole, and going back is the same rename (design §7).
 */
import type { StagedDatabase } from "../../../../app/ports.ts"
import type { TableMerge } from "../../../../app/table-ports.ts"
import { HoldfastError } from "../../../../base/errors.ts"
import type { RunContext } from "../../../../base/run-context.ts"
import type { Access } from "../access.ts"
import { applyShape } from "../apply-shape.ts"
import type { EngineTools } from "../engine-tools.ts"
import { sqlStateOf } from "../failure.ts"
import { factsOf } from "../facts.ts"
import { identifier, literal } from "../quote.ts"
import { withSession, type SqlSession } from "../session.ts"
import { readShape } from "../shape.ts"
import { dropAfterFailure } from "../stage.ts"
import { copyRows } from "./copy-rows.ts"
import { advanceSequences, emptyTables, fixForeignKeys, fixTriggers, looseForeignKeys, looseTriggers, sequencesOf } from "./loose.ts"
import { requireSameShape, shapesOf } from "./shape.ts"

/** Throws TABLE_NOT_REPLACEABLE, REFERENCES_BROKEN, DATABASE_IN_USE, DATABASE_RESTORE_FAILED, TARGET_NOT_EMPTY. */
export async function mergeTables(
  tools: EngineTools,
  access: Access,
  live: string,
  merge: TableMerge,
  maintenance: () => Promise<SqlSession>,
  ctx: RunContext,
): Promise<StagedDatabase> {
  const on = async <T>(name: string, use: (session: SqlSession) => Promise<T>): Promise<T> =>
    await withSession(async () => await access.connect(name, ctx), use)
  const then = await on(merge.from, async (session) => await shapesOf(session, merge.tables))
  const [now, shape] = await on(live, async (session) => [await shapesOf(session, merge.tables), await readShape(session)])
  for (const table of merge.tables) requireSameShape(table, then.get(table), now.get(table))
  await withSession(maintenance, async (session) => await cloneDatabase(session, access, live, merge.into, shape.owner))
  try {
    await on(merge.into, async (session) => {
      const keys = await looseForeignKeys(session, merge.tables)
      const triggers = await looseTriggers(session, merge.tables)
      const sequences = await sequencesOf(session, merge.tables)
      await emptyTables(session, merge.tables)
      await copyRows(tools, access, merge, ctx)
      await fixTriggers(session, triggers)
      await fixForeignKeys(session, keys)
      await advanceSequences(session, sequences)
      for (const table of merge.tables) await session.rows(`ANALYZE ${table}`)
    })
    const facts = await on(merge.into, async (session) => await factsOf(session, access.serverVersion, merge.schema, ctx.signal))
    await withSession(maintenance, async (session) => await applyShape(session, merge.into, shape, ctx))
    return { name: merge.into, facts }
  } catch (thrown) {
    await dropAfterFailure(merge.into, maintenance, ctx)
    throw thrown
  }
}

/** Closed to everyone but owner and superusers until its own grants are put back: a template carries none. */
async function cloneDatabase(session: SqlSession, access: Access, live: string, into: string, owner: string | null): Promise<void> {
  const exists = await session.rows(`SELECT 1 FROM pg_catalog.pg_database WHERE datname = ${literal(into)}`)
  if (exists.length > 0) throw new HoldfastError("TARGET_NOT_EMPTY", { what: `database ${into} is already there` })
  const belongs = owner === null ? "" : ` OWNER ${identifier(owner)}`
  // Before 15 it was the only strategy; it copies files instead of writing every page into the log.
  const strategy = access.serverMajor >= 15 ? " STRATEGY file_copy" : ""
  try {
    await session.rows(`CREATE DATABASE ${identifier(into)} TEMPLATE ${identifier(live)}${belongs}${strategy}`)
  } catch (thrown) {
    if (sqlStateOf(thrown) !== "55006") throw thrown
    throw new HoldfastError("DATABASE_IN_USE", {
      what: `database ${live} cannot be copied while sessions are connected to it`,
      cause: thrown,
    })
  }
  await session.rows(`REVOKE CONNECT, TEMPORARY ON DATABASE ${identifier(into)} FROM PUBLIC`)
}
