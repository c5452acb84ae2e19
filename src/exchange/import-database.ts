import { copyFile, mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import type { App, DatabaseSource, PostgresSource, SqliteSource } from "../app/app.ts"
import { emptyShape, type DatabaseEngine } from "../app/ports.ts"
import { captureDatabase } from "../backup/capture-database.ts"
import { HoldfastError, isHoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { DatabasePart } from "../recovery-point/manifest.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { BackupTools } from "../backup/ports.ts"
import { asDump, plainFile } from "./plain-file.ts"
import { plainScript } from "./plain-script.ts"
import type { Recognised } from "./recognise.ts"

/** A recognised file, and whether owners and grants in it are left out. */
type Dump = Recognised & { readonly ownerless: boolean }

interface Imported {
  readonly part: DatabasePart
  readonly warnings: readonly string[]
}

/**
 * A foreign dump is restored into a throwaway server and captured from there, so that its facts are true of what was stored and
 * the point is restored like any other. Throws DUMP_TRUNCATED, DUMP_DAMAGED, DATABASE_RESTORE_FAILED, DATABASE_VERSION_MISMATCH.
 */
export async function importDatabase(
  tools: BackupTools,
  vault: OpenVault,
  app: App,
  point: string,
  source: DatabaseSource,
  file: Dump,
  scratch: string,
  ctx: RunContext,
): Promise<Imported> {
  await mkdir(scratch, { recursive: true, mode: 0o700 })
  const unpacked = join(scratch, `${source.name}.import`)
  const path = await (file.format === "postgres-plain"
    ? plainScript(file, unpacked, ctx.signal, file)
    : plainFile(file, unpacked, ctx.signal))
  if (source.engine === "sqlite" && file.format === "sqlite")
    return await importSqlite(tools, vault, app, point, source, path, scratch, ctx)
  if (source.engine === "postgres" && file.format !== "sqlite") {
    return await importPostgres(tools, vault, app, point, source, { ...file, path }, scratch, ctx)
  }
  throw new HoldfastError("DUMP_FORMAT_UNKNOWN", {
    what: `${file.path} is ${file.format}, the database ${source.name} is ${source.engine}`,
  })
}

async function importSqlite(
  tools: BackupTools,
  vault: OpenVault,
  app: App,
  point: string,
  source: SqliteSource,
  path: string,
  scratch: string,
  ctx: RunContext,
): Promise<Imported> {
  const copy = join(scratch, `${source.name}.sqlite`)
  await copyFile(path, copy)
  for (const side of ["-wal", "-journal"]) await copyFile(`${path}${side}`, `${copy}${side}`).catch(ignoreAbsent)
  const imported = await captureDatabase(tools, vault, app, point, { ...source, place: { path: copy } }, ctx)
  const suspect = "a plain copy of a SQLite file may lack rows that were in its WAL; compare the rows above with what you expect"
  return { part: { ...imported.part, source: { path: source.place.path } }, warnings: [...imported.warnings, suspect] }
}

function ignoreAbsent(thrown: unknown): void {
  if (!(thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT")) throw thrown
}

async function importPostgres(
  tools: BackupTools,
  vault: OpenVault,
  app: App,
  point: string,
  source: PostgresSource,
  file: Dump,
  scratch: string,
  ctx: RunContext,
): Promise<Imported> {
  const engine = tools.databases.for<PostgresSource>(source)
  const image = await runningImage(tools, source, ctx)
  const version = await majorVersion(tools, source, ctx)
  const made = version === NEWEST ? undefined : { engineVersion: version, image }
  if (file.format === "postgres-custom") await asDump(file.path, async (dump) => await engine.checkDump(dump, ctx, made))
  const loaded =
    file.format === "postgres-custom" && file.ownerless ? await ownerlessScript(engine, source, file, made, scratch, ctx) : file
  const request = {
    image,
    majorVersion: version,
    shape: emptyShape,
    directory: join(scratch, "server"),
    superuser: source.user,
  }
  return await engine.scratch(
    source,
    request,
    async (server, serverCtx) => {
      const name = source.database
      await withOwnerHint(source, async () => {
        await asDump(loaded.path, async (dump) => {
          if (loaded.format === "postgres-custom") await engine.stage(server, name, dump, emptyShape, null, serverCtx)
          else if (engine.loadPlain !== undefined) await engine.loadPlain(server, name, dump, serverCtx)
          else throw new HoldfastError("DUMP_FORMAT_UNKNOWN", { what: "this engine takes no plain dumps" })
        })
      })
      const imported = await captureDatabase(tools, vault, app, point, { ...server, name: source.name, database: name }, serverCtx)
      const { service } = source
      const shape = shapeElsewhere(imported.part.shape, server.user)
      return {
        ...imported,
        warnings: [
          ...imported.warnings,
          ...(file.ownerless ? [`owners and grants were left out: everything belongs to ${source.user}`] : []),
        ],
        part: { ...imported.part, shape, source: { database: name, user: source.user, ...(service === null ? {} : { service }) } },
      }
    },
    ctx,
  )
}

/** The same content as a script that names no roles. Throws DUMP_FORMAT_UNKNOWN where the engine cannot write one. */
async function ownerlessScript(
  engine: DatabaseEngine<PostgresSource>,
  source: PostgresSource,
  file: Dump,
  target: { engineVersion: string; image: string | null } | undefined,
  scratch: string,
  ctx: RunContext,
): Promise<Dump> {
  const script = join(scratch, `${source.name}.script`)
  await asDump(file.path, async (dump) => {
    if (engine.toPlain === undefined) throw new HoldfastError("DUMP_FORMAT_UNKNOWN", { what: "this engine writes no plain scripts" })
    await engine.toPlain(dump, script, target ?? null, ctx)
  })
  const path = await plainScript({ path: script, gzipped: false }, join(scratch, `${source.name}.ownerless`), ctx.signal, file)
  await rm(script, { force: true })
  return { ...file, path, gzipped: false, format: "postgres-plain" }
}

/** A dump of another server names roles that a throwaway server does not have, and that the app's user may not become. */
async function withOwnerHint(source: PostgresSource, load: () => Promise<void>): Promise<void> {
  try {
    await load()
  } catch (thrown) {
    if (!isHoldfastError(thrown, "DATABASE_RESTORE_FAILED") || !/role ".*" does not exist/.test(thrown.why ?? "")) throw thrown
    throw new HoldfastError("DATABASE_RESTORE_FAILED", {
      what: thrown.message,
      ...(thrown.why === undefined ? {} : { why: thrown.why }),
      hint: `Import it with --no-owner: owners and grants are left out then, and everything belongs to ${source.user}.`,
      cause: thrown,
    })
  }
}

/** Extensions that the dump needs are in the database's own image. */
async function runningImage(tools: BackupTools, source: PostgresSource, ctx: RunContext): Promise<string | null> {
  if (source.service === null || source.projectName === null) return null
  const services = await tools.containers.services(source.projectName, ctx)
  return services.find((state) => state.service === source.service)?.imageId ?? null
}

/** What the throwaway server was made with says nothing about the dump: a restore takes the live server's own locale and roles. */
function shapeElsewhere(shape: DatabasePart["shape"], superuser: string): DatabasePart["shape"] {
  const locale = { localeProvider: null, collate: null, ctype: null, icuLocale: null, collationVersion: null }
  return { ...shape, ...locale, grants: [], roles: shape.roles.filter((role) => role.name !== superuser && role.name !== "postgres") }
}

const NEWEST = "newest"

/** A dump is restored into a server like the one it is meant for; without one at hand the newest binaries decide. */
async function majorVersion(tools: BackupTools, source: PostgresSource, ctx: RunContext): Promise<string> {
  try {
    return (await tools.databases.for<PostgresSource>(source).inspect(source, ctx)).engineVersion.split(".")[0] ?? NEWEST
  } catch (thrown) {
    if (isHoldfastError(thrown)) return NEWEST
    throw thrown
  }
}
