/**
 * Copies the live database beside itself by `TEMPLATE` (design §10, step 4). The live one is never closed to connections, so no crash can
 * leave it closed: while the server copies, it holds a lock that new sessions wait for, and sessions that came before are ended meanwhile.
 */
import type { PostgresSource } from "../../../app/app.ts"
import type { DatabaseShape } from "../../../app/ports.ts"
import { HoldfastError, isHoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Access } from "./access.ts"
import { applyShape } from "./apply-shape.ts"
import { requireClonable } from "./clone-rights.ts"
import { sqlStateOf } from "./failure.ts"
import { partialName } from "./names.ts"
import { identifier, literal } from "./quote.ts"
import { applicationName, scalar, withSession, type SqlSession } from "./session.ts"
import { endSessionsNamed } from "./sessions.ts"
import { readShape } from "./shape.ts"
import { alreadyThere, endSessionsOn, inOneTransaction, rename, stillInUse } from "./swap.ts"

export interface CloneRequest {
  readonly source: PostgresSource
  readonly name: string
  /** Opens a session outside the databases that take part. */
  readonly maintenance: (ctx: RunContext) => Promise<SqlSession>
}

/** The server itself waits up to five seconds for sessions to go each time. */
const ATTEMPTS = 3
const END_EVERY_MS = 100

/**
 * The copy has a name of its own until it is whole, so that whoever sees `name` may rely on it; one that an earlier try left half made
 * is dropped. Throws DATABASE_RENAME_REFUSED, DATABASE_IN_USE, TARGET_NOT_EMPTY, SPACE_MISSING, DATABASE_RESTORE_FAILED.
 */
export async function cloneBeside(access: Access, request: CloneRequest, ctx: RunContext): Promise<{ readonly sizeBytes: number }> {
  const { source, name, maintenance } = request
  const { shape, sizeBytes } = await withSession(
    async () => await access.connect(source.database, ctx),
    async (session) => ({ ...(await requireClonable(session, source)), shape: await readShape(session) }),
  )
  await withSession(
    async () => await maintenance(ctx),
    async (session) => {
      if (await isThere(session, name)) throw alreadyThere(name)
      await dropPartial(session, name)
      await checkpoint(session)
      await copyWhole(access, request, shape, session, ctx)
    },
  )
  return { sizeBytes }
}

/** Drops what a copy that was interrupted left under its own name. One that is not there is fine. */
export async function dropPartial(session: SqlSession, name: string): Promise<void> {
  const partial = partialName(name)
  if (await isThere(session, partial)) await session.rows(`DROP DATABASE IF EXISTS ${identifier(partial)} WITH (FORCE)`)
}

async function copyWhole(access: Access, request: CloneRequest, shape: DatabaseShape, session: SqlSession, ctx: RunContext): Promise<void> {
  const { source, name, maintenance } = request
  const partial = partialName(name)
  const backend = await scalar(session, "SELECT pg_catalog.pg_backend_pid()")
  try {
    await withSession(
      async () => await maintenance(ctx),
      async (ender) => await copyAlone(session, ender, { live: source.database, partial, shape, serverMajor: access.serverMajor }, ctx),
    )
    await withoutDefaultGrants(session, partial, shape)
    await applyShape(session, partial, shape, ctx)
    await inOneTransaction(session, [rename(partial, name), `ALTER DATABASE ${identifier(name)} ALLOW_CONNECTIONS true`])
  } catch (thrown) {
    await giveUp(request, backend, ctx)
    throw cloneFailure(thrown, source.database)
  }
}

interface Copy {
  readonly live: string
  readonly partial: string
  readonly shape: DatabaseShape
  readonly serverMajor: number
}

/** Two sessions: one has the server copy, the other ends whoever is still on the live database. */
async function copyAlone(creator: SqlSession, ender: SqlSession, copy: Copy, ctx: RunContext): Promise<void> {
  const statement = createStatement(copy)
  for (let attempt = 1; ; attempt += 1) {
    ctx.signal.throwIfAborted()
    await endSessionsOn(ender, [copy.live])
    try {
      return await whileEndingSessions(async () => void (await creator.rows(statement)), ender, copy.live, ctx)
    } catch (thrown) {
      if (!isHoldfastError(thrown, "DATABASE_IN_USE")) throw thrown
      if (attempt === ATTEMPTS) throw await stillInUse(ender, [copy.live], thrown)
    }
  }
}

async function whileEndingSessions(work: () => Promise<void>, ender: SqlSession, live: string, ctx: RunContext): Promise<void> {
  const over = new AbortController()
  const until = AbortSignal.any([ctx.signal, over.signal])
  const ending = async (): Promise<void> => {
    for (;;) {
      await ctx.clock.sleep(END_EVERY_MS, until)
      await endSessionsOn(ender, [live])
    }
  }
  const working = work().finally(() => over.abort())
  const [worked] = await Promise.allSettled([working, ending()])
  if (worked.status === "rejected") throw worked.reason
}

/**
 * Nobody may connect to the copy before it is whole. From 15 on the default is to write a copy through the log, page by page. A version
 * of collations that is given is taken as it is: the copy's indexes are those of the live database, whatever the system offers by now.
 */
function createStatement({ live, partial, shape, serverMajor }: Copy): string {
  return [
    `CREATE DATABASE ${identifier(partial)} TEMPLATE ${identifier(live)}`,
    shape.owner === null ? "" : ` OWNER ${identifier(shape.owner)}`,
    serverMajor >= 15 ? " STRATEGY file_copy" : "",
    serverMajor >= 15 && shape.collationVersion !== null ? ` COLLATION_VERSION ${literal(shape.collationVersion)}` : "",
    " ALLOW_CONNECTIONS false",
  ].join("")
}

/** A copy begins with the defaults; where the live database has grants of its own, they are all that counts. */
async function withoutDefaultGrants(session: SqlSession, name: string, shape: DatabaseShape): Promise<void> {
  if (shape.grants.length === 0) return
  const owner = shape.owner === null ? "" : `, ${identifier(shape.owner)}`
  await session.rows(`REVOKE ALL ON DATABASE ${identifier(name)} FROM PUBLIC${owner}`)
}

/** The copy begins with one anyway; what was written until now need not wait for it then. A role that may not ask for it does without. */
async function checkpoint(session: SqlSession): Promise<void> {
  await session.rows("CHECKPOINT").catch((thrown: unknown) => {
    if (!isHoldfastError(thrown, "DATABASE_RIGHTS_MISSING")) throw thrown
  })
}

/** Also after a cancellation: the server would go on copying and keep the live database waiting. */
async function giveUp(request: CloneRequest, backend: string | null, ctx: RunContext): Promise<void> {
  const settling: RunContext = { ...ctx, signal: new AbortController().signal }
  try {
    await withSession(
      async () => await request.maintenance(settling),
      async (session) => {
        await endSessionsNamed(session, applicationName(ctx), settling, backend)
        await dropPartial(session, request.name)
      },
    )
  } catch {
    ctx.progress.warn(`the half-made copy of database ${request.source.database} could not be removed; settling the operation removes it`)
  }
}

async function isThere(session: SqlSession, name: string): Promise<boolean> {
  return (await session.rows(`SELECT 1 FROM pg_catalog.pg_database WHERE datname = ${literal(name)}`)).length > 0
}

function cloneFailure(thrown: unknown, live: string): unknown {
  if (!isHoldfastError(thrown)) return thrown
  const { why = thrown.message } = thrown
  if (thrown.code === "DATABASE_RIGHTS_MISSING") {
    return new HoldfastError("DATABASE_RENAME_REFUSED", { what: `database ${live} may not be copied by this role`, why, cause: thrown })
  }
  const state = sqlStateOf(thrown) ?? ""
  if (state === "53100") {
    return new HoldfastError("SPACE_MISSING", { what: `a copy of database ${live} does not fit on the server's disk`, why, cause: thrown })
  }
  // 08 and 57P: the server went away, which is said as it is.
  if (thrown.code !== "DATABASE_UNREACHABLE" || !/^[0-9A-Z]{5}$/.test(state) || /^(?:08|57P)/.test(state)) return thrown
  return new HoldfastError("DATABASE_RESTORE_FAILED", { what: `database ${live} could not be copied beside itself`, why, cause: thrown })
}
