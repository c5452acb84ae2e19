/** Restores a dump into a new database beside the live one; until it is swapped in, nothing live has changed (design §7, step 5). */
import type { DatabaseShape, DumpSource, SchemaQueries, StagedDatabase } from "../../../app/ports.ts"
import { HoldfastError, isHoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Access } from "./access.ts"
import { applyShape } from "./apply-shape.ts"
import { factsOf } from "./facts.ts"
import { restoreError } from "./failure.ts"
import { identifier, literal } from "./quote.ts"
import { ensureRoles } from "./roles.ts"
import { withSession, type SqlSession } from "./session.ts"

export interface StageRequest {
  readonly name: string
  readonly dump: DumpSource
  readonly shape: DatabaseShape
  readonly schema: SchemaQueries | null
}

/**
 * Roles, database, one pass that stops at the first error, facts, shape. What was begun is dropped when it fails.
 * Throws DATABASE_RIGHTS_MISSING, DATABASE_RESTORE_FAILED, DUMP_TRUNCATED, DUMP_DAMAGED, TARGET_NOT_EMPTY.
 */
export async function stage(
  access: Access,
  request: StageRequest,
  maintenance: () => Promise<SqlSession>,
  ctx: RunContext,
): Promise<StagedDatabase> {
  await withSession(maintenance, async (session) => {
    await ensureRoles(session, request.shape, ctx)
    await createDatabase(session, access, request)
  })
  try {
    await restore(access, request, ctx)
    const facts = await withSession(
      async () => await access.connect(request.name, ctx),
      async (session) => {
        const restored = await factsOf(session, access.serverVersion, request.schema, ctx.signal)
        await session.rows("ANALYZE")
        return restored
      },
    )
    await withSession(maintenance, async (session) => await applyShape(session, request.name, request.shape, ctx))
    return { name: request.name, facts }
  } catch (thrown) {
    await dropAfterFailure(request.name, maintenance, ctx)
    throw thrown
  }
}

/**
 * No --single-transaction: the database is ours alone and dropped on failure, and one transaction over thousands of tables or
 * large objects exhausts the server's lock table. No tablespaces: they are places of the old host.
 */
async function restore(access: Access, request: StageRequest, ctx: RunContext): Promise<void> {
  const args = ["--format=custom", "--exit-on-error", "--no-tablespaces"]
  const ending = await access.tools.run({ program: "pg_restore", args, database: request.name, stdin: request.dump }, ctx)
  if (ending.exitCode !== 0) throw restoreError(ending, "DATABASE_RESTORE_FAILED", `the dump could not be restored into ${request.name}`)
}

/** Closed to everyone but owner and superusers until its own grants are put back. */
async function createDatabase(session: SqlSession, access: Access, request: StageRequest): Promise<void> {
  const exists = await session.rows(`SELECT 1 FROM pg_catalog.pg_database WHERE datname = ${literal(request.name)}`)
  if (exists.length > 0) throw new HoldfastError("TARGET_NOT_EMPTY", { what: `database ${request.name} is already there` })
  try {
    await session.rows(createStatement(request.name, request.shape, access.serverMajor))
  } catch (thrown) {
    throw createFailure(thrown, request)
  }
  await session.rows(`REVOKE CONNECT, TEMPORARY ON DATABASE ${identifier(request.name)} FROM PUBLIC`)
}

/** `template0` and explicit locale: what the template or the cluster says today must not change the order of text. */
export function createStatement(name: string, shape: DatabaseShape, serverMajor: number): string {
  const option = (keyword: string, value: string | null): string => (value === null ? "" : ` ${keyword} ${literal(value).trim()}`)
  const localeKeyword = shape.localeProvider === "builtin" ? "BUILTIN_LOCALE" : "ICU_LOCALE"
  return [
    `CREATE DATABASE ${identifier(name)} TEMPLATE template0`,
    shape.owner === null ? "" : ` OWNER ${identifier(shape.owner)}`,
    option("ENCODING", shape.encoding),
    serverMajor >= 15 ? option("LOCALE_PROVIDER", shape.localeProvider) : "",
    option("LC_COLLATE", shape.collate),
    option("LC_CTYPE", shape.ctype),
    serverMajor >= 15 && shape.localeProvider !== "libc" ? option(localeKeyword, shape.icuLocale) : "",
  ].join("")
}

function createFailure(thrown: unknown, request: StageRequest): unknown {
  if (!isHoldfastError(thrown)) return thrown
  const why = thrown.why ?? thrown.message
  const locale = /locale|collation|encoding|ICU/i.test(why)
  return new HoldfastError(thrown.code === "DATABASE_RIGHTS_MISSING" ? thrown.code : "DATABASE_RESTORE_FAILED", {
    what: locale
      ? `the server cannot make a database with collation ${request.shape.collate ?? "?"} and encoding ${request.shape.encoding ?? "?"}`
      : `database ${request.name} could not be created`,
    why,
    cause: thrown,
  })
}

/** A database that was begun and is not whole; when it cannot be removed, that is said and settling does it. */
export async function dropAfterFailure(name: string, maintenance: () => Promise<SqlSession>, ctx: RunContext): Promise<void> {
  try {
    await withSession(maintenance, async (session) => await session.rows(`DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE)`))
  } catch {
    ctx.progress.warn(`the half-restored database ${name} could not be removed; it is dropped when the operation is settled`)
  }
}
