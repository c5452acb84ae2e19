/**
 * Locks first, snapshot second (design §5, "One moment"): a TRUNCATE or a rewriting ALTER that commits between an exported
 * snapshot and pg_dump's own locks gives zero rows, exit 0 and matching facts.
 */
import { HoldfastError, isHoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { listed } from "./capture-rights.ts"
import { literals } from "./quote.ts"
import type { SqlSession } from "./session.ts"
import { listTables, type Table } from "./tables.ts"

export interface LockedSnapshot {
  readonly id: string
  /** Taken before the snapshot, by the server's clock: every row committed before it is in. */
  readonly at: Date
  readonly tables: readonly Table[]
}

const TABLES_PER_LOCK = 100
const ATTEMPTS = 2

/**
 * Leaves `session` in a read-only transaction that holds ACCESS SHARE on every table and has exported its snapshot.
 * Throws DATABASE_LOCKED, naming table and blocker, or DATABASE_CHANGED_DURING_CAPTURE when tables came or went twice.
 * @param inspector another session, which can still ask who blocks when this one's transaction has failed
 */
export async function lockAndExport(
  session: SqlSession,
  inspector: SqlSession,
  lockTimeoutMs: number,
  ctx: RunContext,
): Promise<LockedSnapshot> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await lockOnce(session, inspector, lockTimeoutMs)
    } catch (thrown) {
      if (!isHoldfastError(thrown, "DATABASE_CHANGED_DURING_CAPTURE") || attempt === ATTEMPTS) throw thrown
      await session.rows("ROLLBACK")
      ctx.progress.note(`${thrown.message}; starting again`)
    }
  }
}

async function lockOnce(session: SqlSession, inspector: SqlSession, lockTimeoutMs: number): Promise<LockedSnapshot> {
  const expected = await listTables(session)
  await session.rows("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
  await lockTables(session, inspector, expected, lockTimeoutMs)
  const exported = await exportSnapshot(session)
  const seen = await listTables(session)
  const changed = difference(expected, seen)
  if (changed.length > 0) throw changedDuringCapture(changed)
  return { ...exported, tables: seen }
}

async function lockTables(session: SqlSession, inspector: SqlSession, tables: readonly Table[], lockTimeoutMs: number): Promise<void> {
  await session.rows(`SET LOCAL lock_timeout = ${lockTimeoutMs}`)
  for (let start = 0; start < tables.length; start += TABLES_PER_LOCK) {
    const batch = tables.slice(start, start + TABLES_PER_LOCK)
    try {
      await session.rows(`LOCK TABLE ${batch.map((table) => `ONLY ${table.sql}`).join(", ")} IN ACCESS SHARE MODE`)
    } catch (thrown) {
      throw await lockFailure(thrown, inspector, batch)
    }
  }
  await session.rows("SET LOCAL lock_timeout = 0")
}

async function exportSnapshot(session: SqlSession): Promise<{ id: string; at: Date }> {
  const rows = await session.rows(
    "SELECT pg_catalog.pg_export_snapshot(), (extract(epoch FROM pg_catalog.statement_timestamp()) * 1000)::bigint",
  )
  return { id: rows[0]?.[0] ?? "", at: new Date(Number(rows[0]?.[1])) }
}

/** Names of tables that are in one list only, or whose rows the snapshot can no longer see. */
function difference(expected: readonly Table[], seen: readonly Table[]): readonly string[] {
  const before = new Map(expected.map((table) => [table.oid, table]))
  const after = new Map(seen.map((table) => [table.oid, table]))
  const gone = expected.filter((table) => after.get(table.oid)?.name !== table.name)
  const come = seen.filter((table) => before.get(table.oid)?.name !== table.name || table.rewritten)
  return [...new Set([...gone, ...come].map((table) => table.name))]
}

async function lockFailure(thrown: unknown, inspector: SqlSession, batch: readonly Table[]): Promise<unknown> {
  if (isHoldfastError(thrown, "DATABASE_LOCKED")) return await lockedError(inspector, batch)
  const gone = isHoldfastError(thrown) && /does not exist/.test(thrown.why ?? "")
  return gone
    ? new HoldfastError("DATABASE_CHANGED_DURING_CAPTURE", { what: "a table went away before it could be locked", ...whyOf(thrown) })
    : thrown
}

function whyOf(thrown: HoldfastError): { why?: string } {
  return thrown.why === undefined ? {} : { why: thrown.why }
}

const BLOCKERS = (oids: string): string => `
SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), a.pid, a.usename, a.application_name,
       pg_catalog.left(a.query, 120)
FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_class c ON c.oid = l.relation
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE l.mode = 'AccessExclusiveLock' AND l.relation IN (${oids})
ORDER BY l.granted DESC, a.xact_start LIMIT 1`

async function lockedError(inspector: SqlSession, batch: readonly Table[]): Promise<HoldfastError> {
  const [blocker] = await inspector.rows(BLOCKERS(literals(batch.map((table) => table.oid))))
  if (!blocker) return new HoldfastError("DATABASE_LOCKED", { what: `could not lock ${listed(batch.map((table) => table.name))} in time` })
  const [table, pid, user, program, query] = blocker
  return new HoldfastError("DATABASE_LOCKED", {
    what: `table ${table ?? ""} is locked by another session`,
    why: `process ${pid ?? "?"}, user ${user ?? "?"}, program ${program === "" || program === null ? "unnamed" : program}: ${query ?? ""}`,
    details: { table, pid },
  })
}

function changedDuringCapture(names: readonly string[]): HoldfastError {
  return new HoldfastError("DATABASE_CHANGED_DURING_CAPTURE", {
    what: `tables were added, removed or rewritten while they were locked: ${listed(names)}`,
    details: { tables: names },
  })
}
