/** One capture: rights, locks, snapshot, then the dump and its facts side by side in that snapshot (design §5, "One moment"). */
import type { PostgresSource } from "../../../app/app.ts"
import type { DatabaseCapture, DatabaseFacts, DumpSink, SchemaQueries } from "../../../app/ports.ts"
import { isHoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Access } from "./access.ts"
import { lockAndExport, type LockedSnapshot } from "./capture-locks.ts"
import { assertReadable } from "./capture-rights.ts"
import { captureWarnings } from "./capture-warnings.ts"
import { readFacts } from "./facts.ts"
import { dumpError } from "./failure.ts"
import { withSession, type SqlSession } from "./session.ts"
import { readShape } from "./shape.ts"

export interface CaptureRequest {
  readonly source: PostgresSource
  readonly sink: DumpSink
  readonly schema: SchemaQueries | null
  readonly lockTimeoutMs: number
}

const ATTEMPTS = 3
/** We hold every lock that pg_dump asks for: it can only wait behind a change that itself waits for us, which never ends. */
const DUMP_LOCK_WAIT_MS = 3_000

/** Resolves only if pg_dump exited 0 and our own transaction, which holds the locks and the snapshot, lived through it. */
export async function capture(access: Access, request: CaptureRequest, ctx: RunContext): Promise<DatabaseCapture> {
  const open = async (): Promise<SqlSession> => await access.connect(request.source.database, ctx)
  return await withSession(open, async (session) => {
    await assertReadable(session, request.source.user)
    const shape = await readShape(session)
    const warnings = await captureWarnings(session, access.serverMajor)
    const { snapshot, facts } = await captureWithRetry(access, session, request, ctx)
    return { facts, shape, access: access.kind, toolVersion: access.tools.version, snapshotAt: snapshot.at, warnings }
  })
}

interface Captured {
  readonly snapshot: LockedSnapshot
  readonly facts: DatabaseFacts
}

/**
 * A change (TRUNCATE, ALTER) that queues between our locks and pg_dump's blocks pg_dump. Then our locks are given up, the change
 * goes through, and all begins again; pg_dump writes nothing before it has its locks, so the sink is still empty.
 */
async function captureWithRetry(access: Access, session: SqlSession, request: CaptureRequest, ctx: RunContext): Promise<Captured> {
  for (let attempt = 1; ; attempt += 1) {
    const inspecting = async (): Promise<SqlSession> => await access.connect(request.source.database, ctx)
    const snapshot = await withSession(inspecting, async (inspector) => await lockAndExport(session, inspector, request.lockTimeoutMs, ctx))
    try {
      const facts = await dumpAndCount(access, session, request, snapshot, ctx)
      await session.rows("COMMIT")
      return { snapshot, facts }
    } catch (thrown) {
      if (!isHoldfastError(thrown, "DATABASE_LOCKED") || attempt === ATTEMPTS) throw thrown
      await session.rows("ROLLBACK")
      ctx.progress.note("a change of the schema was waiting for the dump; it goes first, the dump starts again")
    }
  }
}

async function dumpAndCount(
  access: Access,
  session: SqlSession,
  request: CaptureRequest,
  snapshot: LockedSnapshot,
  ctx: RunContext,
): Promise<DatabaseFacts> {
  const [, facts] = await together(
    ctx,
    async (context) => await dump(access, request, snapshot, context),
    async (context) => await readFacts(session, access.serverVersion, request.schema, snapshot.tables, context.signal),
  )
  return facts
}

/** Uncompressed, because the vault compresses and deduplicates; never --enable-row-security (F43). */
async function dump(access: Access, request: CaptureRequest, snapshot: LockedSnapshot, ctx: RunContext): Promise<void> {
  const args = ["--format=custom", "--compress=0", `--snapshot=${snapshot.id}`, `--lock-wait-timeout=${DUMP_LOCK_WAIT_MS}`]
  const ending = await access.tools.run({ program: "pg_dump", args, database: request.source.database, stdout: request.sink }, ctx)
  if (ending.exitCode !== 0) throw dumpError(ending)
}

/** Runs both at once; when one fails the other is cancelled and waited for, and the first failure is thrown. */
async function together<A, B>(
  ctx: RunContext,
  first: (ctx: RunContext) => Promise<A>,
  second: (ctx: RunContext) => Promise<B>,
): Promise<readonly [A, B]> {
  const failed = new AbortController()
  const context: RunContext = { ...ctx, signal: AbortSignal.any([ctx.signal, failed.signal]) }
  const guarded = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (thrown) {
      failed.abort(thrown)
      throw thrown
    }
  }
  const [one, two] = await Promise.allSettled([guarded(first(context)), guarded(second(context))])
  failed.signal.throwIfAborted()
  if (one.status === "rejected") throw one.reason
  if (two.status === "rejected") throw two.reason
  return [one.value, two.value]
}
