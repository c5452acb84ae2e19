import { rm } from "node:fs/promises"
import { join } from "node:path"
import type { App, DatabaseSource, FileSource } from "../app/app.ts"
import { draftManifest } from "../backup/draft.ts"
import { plainBackup } from "../backup/options.ts"
import type { BackupTools } from "../backup/ports.ts"
import { settleBackup } from "../backup/settle.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Journal } from "../operation/journal.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import type { ManifestPart } from "../recovery-point/manifest.ts"
import { listPoints, newPointId, sealPoint, type SealedPoint } from "../recovery-point/recovery-point.ts"
import type { OpenVault } from "../vault/vault.ts"
import { importDatabase } from "./import-database.ts"
import { importFiles as importArchive } from "./import-files.ts"
import { recognise, type Recognised } from "./recognise.ts"
import { checkSideManifest } from "./side-manifest.ts"
import { importSteps, type ImportSteps } from "./steps.ts"

export { settleBackup as settleImport }

export interface ImportFile {
  readonly path: string
  /** Part it becomes (`database:main`, `files:uploads`); null: the only one that fits. */
  readonly as: string | null
}

export interface ImportOptions {
  readonly label: string | null
  /** The app's version when the file was made, if it is known. */
  readonly version: string | null
  /** Leave owners and grants of PostgreSQL dumps out: everything comes to belong to the app's own user. */
  readonly ownerless: boolean
}

interface Target extends Recognised {
  readonly ownerless: boolean
  readonly part: string
}

/**
 * Makes one sealed point of files that other tools left. Every file is recognised by content, held to the manifest beside it, read to its end
 * and captured; the point is restored by the same path as any other. Throws DUMP_FORMAT_UNKNOWN, DUMP_TRUNCATED, DUMP_DAMAGED.
 */
export async function importPoint(
  tools: BackupTools,
  vault: OpenVault,
  app: App,
  files: readonly ImportFile[],
  options: ImportOptions,
  command: string,
  base: ContextBase,
): Promise<SealedPoint> {
  const plan = { vault: vault.location.name, files: files.map((file) => ({ ...file })), label: options.label }
  const end = await runOperation(
    tools,
    { kind: "import", app: app.name, steps: importSteps, plan, command },
    base,
    async (journal, ctx) => {
      const scratch = join(tools.scratchDirectory, ctx.operationId)
      try {
        const point = await importAll(tools, vault, app, files, options, scratch, journal, ctx)
        return { outcome: "succeeded", result: point, record: { point: point.manifest.id } }
      } finally {
        await rm(scratch, { recursive: true, force: true })
      }
    },
  )
  return end.result
}

async function importAll(
  tools: BackupTools,
  vault: OpenVault,
  app: App,
  files: readonly ImportFile[],
  options: ImportOptions,
  scratch: string,
  journal: Journal<ImportSteps>,
  ctx: RunContext,
): Promise<SealedPoint> {
  const startedAt = ctx.clock.now()
  const startedMs = ctx.clock.monotonicMs()
  const targets = await journal.step(
    "recognise",
    {},
    async () => await Promise.all(files.map(async (file) => await targetOf(app, file, options))),
  )
  const manifests = await Promise.all(files.map(async (file) => await checkSideManifest(file.path)))
  const version = options.version ?? manifests.find((manifest) => manifest?.version)?.version ?? null
  const points = await listPoints(vault, tools.store, app.name, ctx)
  const id = newPointId(startedAt, version, new Set(points.map((point) => point.manifest.id)))
  const warnings: string[] = []
  const parts: ManifestPart[] = []
  for (const target of targets) {
    const imported = await importTarget(tools, vault, app, id, target, scratch, journal, ctx)
    parts.push(imported.part)
    warnings.push(...imported.warnings, `${imported.part.part} was imported from ${target.path}`)
  }
  const capture = {
    app,
    declared: app,
    vault,
    options: { ...plainBackup, trigger: "import" as const, label: options.label, only: parts.map((part) => part.part) },
    id,
    startedAt,
    startedMs,
    version,
    states: [],
    earlier: [],
    scratch,
    warnings,
    unnamed: [],
  }
  const draft = await draftManifest(tools, capture, parts, ctx)
  return await journal.step("seal", { point: id }, async () => await sealPoint(vault, tools.store, draft, ctx))
}

async function targetOf(app: App, file: ImportFile, { ownerless }: ImportOptions): Promise<Target> {
  const recognised = await recognise(file.path)
  return { ...recognised, ownerless, part: file.as ?? onlyFitting(app, recognised) }
}

function onlyFitting(app: App, file: Recognised): string {
  const engine = file.format === "sqlite" ? "sqlite" : "postgres"
  const fitting =
    file.format === "tar"
      ? app.files.map((source) => `files:${source.name}`)
      : app.databases.filter((source) => source.engine === engine).map((source) => `database:${source.name}`)
  const [only] = fitting
  if (only !== undefined && fitting.length === 1) return only
  throw new HoldfastError("PART_UNKNOWN", {
    what: `${file.path} (${file.format}) fits ${fitting.length === 0 ? "no part" : `several parts (${fitting.join(", ")})`} of ${app.name}`,
    hint: "Say which with --as database:NAME or --as files:NAME.",
  })
}

async function importTarget(
  tools: BackupTools,
  vault: OpenVault,
  app: App,
  point: string,
  target: Target,
  scratch: string,
  journal: Journal<ImportSteps>,
  ctx: RunContext,
): Promise<{ part: ManifestPart; warnings: readonly string[] }> {
  if (target.format === "tar") {
    const source = named(app.files, target, "files")
    const unpacking = async () => await importArchive(tools, vault, app, point, source, target, scratch, ctx)
    return await journal.step("import-files", { files: source.name }, unpacking)
  }
  const source = named(app.databases, target, "database")
  const restoring = async () => await importDatabase(tools, vault, app, point, source, target, scratch, ctx)
  return await journal.step("import-database", { database: source.name }, restoring)
}

function named<S extends DatabaseSource | FileSource>(sources: readonly S[], target: Target, kind: string): S {
  const source = sources.find((candidate) => `${kind}:${candidate.name}` === target.part)
  if (source !== undefined) return source
  throw new HoldfastError("PART_UNKNOWN", { what: `${target.part} is no ${kind} part that ${target.path} could become` })
}
