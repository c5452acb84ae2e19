/**
 * Exchanges databases by renaming both in one transaction (design §7, step 6). Only `ALLOW_CONNECTIONS false` keeps everyone out:
 * a connection limit does not stop superusers and a REVOKE does not stop the owner.
 */
import type { ReplacementNames, Session } from "../../../app/ports.ts"
import { HoldfastError, isHoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { identifier, literal, literals } from "./quote.ts"
import { column, type SqlSession } from "./session.ts"
import { sessionsOn } from "./sessions.ts"

export interface Observed {
  readonly live: boolean
  readonly staged: boolean
  readonly kept: boolean
  readonly failed: boolean
}

export async function observe(session: SqlSession, names: ReplacementNames): Promise<Observed> {
  const all = literals([names.live, names.staged, names.kept, names.failed])
  const present = new Set(await column(session, `SELECT datname FROM pg_catalog.pg_database WHERE datname IN (${all})`))
  return {
    live: present.has(names.live),
    staged: present.has(names.staged),
    kept: present.has(names.kept),
    failed: present.has(names.failed),
  }
}

/** live becomes kept (closed), staged becomes live (open). Does nothing more when that is already so. */
export async function swapIn(session: SqlSession, names: ReplacementNames, ctx: RunContext): Promise<void> {
  const now = await observe(session, names)
  if (!now.staged && now.live && (now.kept || now.failed)) return await allowConnections(session, names.live, true)
  if (!now.staged) throw new HoldfastError("DATABASE_MISSING", { what: `there is no staged database ${names.staged} to bring in` })
  if (now.live && now.kept) throw alreadyThere(names.kept)
  await exchange(session, { leaving: now.live ? names.live : null, aside: names.kept, coming: names.staged, live: names.live }, ctx)
}

/**
 * live becomes failed (closed), kept becomes live (open). Before anything was swapped there is no kept database: then only a
 * live one that an interrupted swap had closed is opened again.
 */
export async function swapBack(session: SqlSession, names: ReplacementNames, ctx: RunContext): Promise<void> {
  const now = await observe(session, names)
  if (!now.kept && now.live) return await allowConnections(session, names.live, true)
  if (!now.kept) throw new HoldfastError("DATABASE_MISSING", { what: `there is no kept database ${names.kept} to bring back` })
  if (now.live && now.failed) throw alreadyThere(names.failed)
  await exchange(session, { leaving: now.live ? names.live : null, aside: names.failed, coming: names.kept, live: names.live }, ctx)
}

interface Exchange {
  readonly leaving: string | null
  readonly aside: string
  readonly coming: string
  readonly live: string
}

/** The server itself waits up to five seconds for sessions to go each time. */
const ATTEMPTS = 3
const PAUSE_MS = 200

async function exchange(session: SqlSession, move: Exchange, ctx: RunContext): Promise<void> {
  const involved = move.leaving === null ? [move.coming] : [move.leaving, move.coming]
  try {
    for (const name of involved) await allowConnections(session, name, false)
    await renameBoth(session, move, involved, ctx)
  } catch (thrown) {
    await reopen(session, move, ctx)
    throw renameFailure(thrown, move)
  }
}

async function renameBoth(session: SqlSession, move: Exchange, involved: readonly string[], ctx: RunContext): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    ctx.signal.throwIfAborted()
    await endSessionsOn(session, involved)
    try {
      return await inOneTransaction(session, [
        ...(move.leaving === null ? [] : [rename(move.leaving, move.aside)]),
        rename(move.coming, move.live),
        `ALTER DATABASE ${identifier(move.live)} ALLOW_CONNECTIONS true`,
      ])
    } catch (thrown) {
      if (!isHoldfastError(thrown, "DATABASE_IN_USE")) throw thrown
      if (attempt === ATTEMPTS) throw await stillInUse(session, involved, thrown)
      await ctx.clock.sleep(PAUSE_MS, ctx.signal)
    }
  }
}

export function rename(from: string, to: string): string {
  return `ALTER DATABASE ${identifier(from)} RENAME TO ${identifier(to)}`
}

export async function inOneTransaction(session: SqlSession, statements: readonly string[]): Promise<void> {
  await session.rows("BEGIN")
  try {
    for (const statement of statements) await session.rows(statement)
    await session.rows("COMMIT")
  } catch (thrown) {
    await session.rows("ROLLBACK").catch(() => undefined)
    throw thrown
  }
}

export async function allowConnections(session: SqlSession, name: string, allowed: boolean): Promise<void> {
  await session.rows(`ALTER DATABASE ${identifier(name)} ALLOW_CONNECTIONS ${allowed}`)
}

/** A session that this role may not end (a superuser's) is left alone; what needs the database to itself then names it. */
export async function endSessionsOn(session: SqlSession, databases: readonly string[]): Promise<void> {
  const pids = await column(
    session,
    `SELECT pid FROM pg_catalog.pg_stat_activity
    WHERE datname IN (${literals(databases)}) AND pid <> pg_catalog.pg_backend_pid()`,
  )
  for (const pid of pids) {
    await session.rows(`SELECT pg_catalog.pg_terminate_backend(${literal(pid)}::int)`).catch((thrown: unknown) => {
      if (!isHoldfastError(thrown, "DATABASE_RIGHTS_MISSING")) throw thrown
    })
  }
}

/** Nothing was renamed: the live database must not stay closed. */
async function reopen(session: SqlSession, move: Exchange, ctx: RunContext): Promise<void> {
  if (move.leaving === null) return
  await allowConnections(session, move.leaving, true).catch(() =>
    ctx.progress.warn(`database ${move.live} is closed to connections; settling the operation opens it again`),
  )
}

export async function stillInUse(session: SqlSession, databases: readonly string[], cause: unknown): Promise<HoldfastError> {
  const sessions: Session[] = []
  // One after the other: a session carries one statement at a time.
  for (const name of databases) sessions.push(...(await sessionsOn(session, name)))
  const named = sessions.map((one) => `${one.user} (${one.program}) from ${one.address}`).join(", ")
  return new HoldfastError("DATABASE_IN_USE", {
    what: `sessions on ${databases[0] ?? "the database"} cannot be ended`,
    why: named === "" ? "a prepared transaction or another server process is using it" : named,
    cause,
  })
}

function renameFailure(thrown: unknown, move: Exchange): unknown {
  if (!isHoldfastError(thrown, "DATABASE_RIGHTS_MISSING")) return thrown
  return new HoldfastError("DATABASE_RENAME_REFUSED", {
    what: `databases ${move.live} and ${move.coming} may not be renamed by this role`,
    ...(thrown.why === undefined ? {} : { why: thrown.why }),
    cause: thrown,
  })
}

export function alreadyThere(name: string): HoldfastError {
  return new HoldfastError("TARGET_NOT_EMPTY", { what: `database ${name} is already there` })
}
