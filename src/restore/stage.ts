import { chmod, cp, lchown, lstat, mkdir, readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import type { App, DatabaseSource } from "../app/app.ts"
import type { DatabaseEngines, DatabaseFacts, DumpSource, SchemaQueries, StagedDatabase } from "../app/ports.ts"
import { surveyTree } from "../app/tree/survey.ts"
import { schemaQueries } from "../app/schema-queries.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { counted } from "../base/units.ts"
import { differingFacts } from "../recovery-point/facts.ts"
import type { DatabasePart, FilesPart, PathsPart } from "../recovery-point/manifest.ts"
import { partItem } from "../recovery-point/recovery-point.ts"
import type { Origin } from "./origin.ts"
import { databaseSource, type Replacement } from "./replacement.ts"
import type { RestoreTools } from "./ports.ts"

export type { Origin } from "./origin.ts"

/**
 * Restores a database beside the live one and compares its facts with those of the capture; the live one is not touched.
 * Throws DATABASE_RESTORE_FAILED, DATABASE_FACTS_DIFFER.
 */
export async function stageDatabase(
  tools: RestoreTools,
  app: App,
  origin: Origin,
  part: DatabasePart,
  replacement: Extract<Replacement, { kind: "database" }>,
  ctx: RunContext,
): Promise<void> {
  const source = databaseSource(app, part.name)
  const target = { source, name: replacement.names.staged, schema: schemaQueries(app, source) }
  requireSameFacts(part, (await stageDump(tools.databases, origin, part, target, ctx)).facts)
}

/** Where a dump is laid out: a database called `name` on the server of `source`, or a file beside it. */
export interface StageTarget<Source extends DatabaseSource = DatabaseSource> {
  readonly source: Source
  readonly name: string
  readonly schema: SchemaQueries | null
}

/** Streams the dump of a database from the vault into a new database. Throws DATABASE_RESTORE_FAILED, DUMP_TRUNCATED, TARGET_NOT_EMPTY. */
export async function stageDump(
  databases: DatabaseEngines,
  origin: Origin,
  part: DatabasePart,
  target: StageTarget,
  ctx: RunContext,
): Promise<StagedDatabase> {
  const { source, name, schema } = target
  const stage = async (dump: DumpSource): Promise<StagedDatabase> =>
    await databases.for(source).stage(source, name, dump, part.shape, schema, ctx)
  return await withDump(origin, part, stage, ctx)
}

/** Gives `use` the dump of a database as it comes out of the vault. Throws what the vault throws, and what `use` throws. */
export async function withDump<T>(origin: Origin, part: DatabasePart, use: (dump: DumpSource) => Promise<T>, ctx: RunContext): Promise<T> {
  const item = await partItem(origin.vault, origin.point, part.part, ctx)
  return await origin.vault.backend.readStream(origin.vault.location, item, part.fileName, use, ctx)
}

/** Throws DATABASE_FACTS_DIFFER when what came back is not what was captured. */
export function requireSameFacts(part: DatabasePart, facts: DatabaseFacts): void {
  const differences = differingFacts(part.facts, facts)
  if (differences.length === 0) return
  throw new HoldfastError("DATABASE_FACTS_DIFFER", { what: `${part.part} came back different`, why: differences.slice(0, 10).join("; ") })
}

/** Restores a file tree into its staged directory, with the recorded owner and mode of its root, and counts it. Throws FILES_DIFFER. */
export async function stageTree(origin: Origin, part: FilesPart, directory: string, ctx: RunContext): Promise<void> {
  await emptyDirectory(directory)
  const item = await partItem(origin.vault, origin.point, part.part, ctx)
  await origin.vault.backend.restoreTree(origin.vault.location, item, directory, {}, ctx)
  await refuseDifference(part, directory, ctx)
  await lchown(directory, part.root.uid, part.root.gid)
  await chmod(directory, part.root.mode)
}

async function emptyDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true, mode: 0o700 })
}

async function refuseDifference(part: FilesPart, directory: string, ctx: RunContext): Promise<void> {
  const survey = await surveyTree(directory, { exclude: [] }, ctx)
  if (survey.files === part.files) return
  throw new HoldfastError("FILES_DIFFER", {
    what: `${part.part} came back with ${counted(survey.files, "file")}, ${part.files} were captured`,
  })
}

/**
 * Restores secrets or configuration into a private directory, once; `placeStaged` then puts each path beside its live one.
 * Returns that directory.
 */
export async function fetchPaths(origin: Origin, part: PathsPart, scratch: string, ctx: RunContext): Promise<string> {
  const directory = join(scratch, `restore-${part.kind}`)
  await emptyDirectory(directory)
  const item = await partItem(origin.vault, origin.point, part.part, ctx)
  await origin.vault.backend.restoreTree(origin.vault.location, item, directory, {}, ctx)
  return directory
}

/** Copies one fetched file or directory to its staged place, owners and modes included. */
export async function placeStaged(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true })
  await cp(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
  await copyOwners(from, to)
}

async function copyOwners(from: string, to: string): Promise<void> {
  const status = await lstat(from)
  await lchown(to, status.uid, status.gid)
  if (status.isSymbolicLink()) return
  if (status.isDirectory()) for (const name of await readdir(from)) await copyOwners(join(from, name), join(to, name))
  await chmod(to, status.mode & 0o7777)
}
