import { createReadStream, createWriteStream } from "node:fs"
import { readdir, rm, stat, writeFile } from "node:fs/promises"
import { join, relative } from "node:path"
import { createHash } from "node:crypto"
import { pipeline } from "node:stream/promises"
import { createGzip } from "node:zlib"
import { z } from "zod"
import type { App } from "../app/app.ts"
import type { BackupTools } from "../backup/ports.ts"
import { writeFileDurably } from "../base/durable-file.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import type { DatabasePart, Manifest } from "../recovery-point/manifest.ts"
import { removeWritten, restoreInto, type WrittenPart } from "../restore/into.ts"
import type { Origin } from "../restore/stage.ts"
import { instructions } from "./instructions.ts"
import { exportSteps } from "./steps.ts"

export interface ExportReport {
  readonly operationId: string
  readonly point: string
  readonly directory: string
  readonly files: readonly WrittenPart[]
}

/**
 * Writes a point as stock files that need no Holdfast: dumps, SQLite files, tar archives, the manifest, checksums and instructions.
 * Throws TARGET_NOT_EMPTY, TARGET_IS_LIVE, EXPORT_FAILED; what was begun is removed when it fails.
 */
export async function exportPoint(
  tools: BackupTools,
  origin: Origin,
  app: App,
  directory: string,
  command: string,
  base: ContextBase,
): Promise<ExportReport> {
  const { manifest } = origin.point
  const plan = { point: manifest.id, directory, format: "stock" }
  const end = await runOperation(
    tools,
    { kind: "export", app: app.name, steps: exportSteps, plan, command },
    base,
    async (journal, ctx) => {
      const made = await isAbsent(directory)
      const writing = async () => await restoreInto(origin, app, manifest.parts, directory, null, ctx)
      const written = await journal.step("export-part", { directory }, writing)
      const finishing = async () => await finish(tools, manifest, written, directory, made, ctx)
      const files = await journal.step("write-instructions", { directory }, finishing)
      return { outcome: "succeeded", result: { operationId: ctx.operationId, point: manifest.id, directory, files }, record: { directory } }
    },
  )
  return end.result
}

/** From here on the directory holds nothing but what we wrote. */
async function finish(
  tools: BackupTools,
  manifest: Manifest,
  written: readonly WrittenPart[],
  directory: string,
  made: boolean,
  ctx: RunContext,
): Promise<readonly WrittenPart[]> {
  try {
    const files: WrittenPart[] = []
    for (const part of written) files.push(await packed(tools, part, ctx))
    await writeAccompanying(directory, manifest, ctx)
    return files
  } catch (thrown) {
    await removeWritten(directory, made)
    throw thrown
  }
}

async function isAbsent(directory: string): Promise<boolean> {
  return await stat(directory).then(
    () => false,
    () => true,
  )
}

/** Directories become tar archives with numeric owners, so that any system can carry them. */
async function packed(tools: BackupTools, part: WrittenPart, ctx: RunContext): Promise<WrittenPart> {
  if (!(await stat(part.path)).isDirectory()) return part
  const archive = `${part.path}.tar`
  // Secrets among them: it is ours alone before the first byte is in it.
  await writeFile(archive, "", { mode: 0o600, flag: "wx" })
  const args = ["--create", "--file", archive, "--directory", part.path, "--numeric-owner", "--sparse", "--xattrs", "--acls", "."] as const
  const result = await tools.commands.run(["tar", ...args], {}, ctx)
  if (result.exitCode !== 0) throw new HoldfastError("EXPORT_FAILED", { what: `${part.part} could not be packed`, why: result.stderrTail })
  await rm(part.path, { recursive: true, force: true })
  return { ...part, path: archive, sizeBytes: (await stat(archive)).size }
}

async function writeAccompanying(directory: string, manifest: Manifest, ctx: RunContext): Promise<void> {
  await writeFileDurably(join(directory, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`)
  await writeFileDurably(join(directory, "RESTORE.txt"), instructions(manifest))
  const lines: string[] = []
  for (const path of await filesBelow(directory)) lines.push(`${await digestOf(path, ctx)}  ${relative(directory, path)}`)
  await writeFileDurably(join(directory, "SHA256SUMS"), `${lines.join("\n")}\n`)
}

async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
}

async function digestOf(path: string, ctx: RunContext): Promise<string> {
  const hash = createHash("sha256")
  for await (const chunk of createReadStream(path, { signal: ctx.signal })) hash.update(z.instanceof(Uint8Array).parse(chunk))
  return hash.digest("hex")
}

/**
 * The form that operators of chatalot-snapshot know: a gzipped dump and a JSON manifest beside it, named by the point's id (C6, C13).
 * Holds the database alone, and says so.
 */
export async function exportSnapshot(origin: Origin, app: App, directory: string, ctx: RunContext): Promise<readonly string[]> {
  const { manifest } = origin.point
  const part = manifest.parts.find((candidate): candidate is DatabasePart => candidate.kind === "database")
  if (part === undefined) throw new HoldfastError("PART_UNKNOWN", { what: `${manifest.id} has no database` })
  const names = snapshotNames(manifest.id, part)
  const target = join(directory, names.file)
  const side = join(directory, `${manifest.id}.json`)
  for (const path of [target, side]) {
    if (!(await isAbsent(path))) throw new HoldfastError("TARGET_NOT_EMPTY", { what: `${path} is already there` })
  }
  const scratch = join(directory, `.${manifest.id}.tmp`)
  try {
    const [written] = await restoreInto(origin, app, [part], scratch, null, ctx)
    if (written === undefined) throw new HoldfastError("EXPORT_FAILED", { what: `${part.part} was not written` })
    await pipeline(createReadStream(written.path), createGzip(), createWriteStream(target, { mode: 0o600, flags: "wx", flush: true }), {
      signal: ctx.signal,
    })
    const described = await describeSnapshot(manifest, part, target, names, ctx)
    await writeFileDurably(side, `${JSON.stringify(described, null, 2)}\n`)
  } catch (thrown) {
    await rm(target, { force: true })
    throw thrown
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  return [target, side]
}

interface SnapshotNames {
  readonly file: string
  readonly format: string
}

function snapshotNames(id: string, part: DatabasePart): SnapshotNames {
  if (part.engine === "postgres") return { file: `${id}.dump.gz`, format: "pg_dump custom, gzipped" }
  if (part.engine === "sqlite") return { file: `${id}.db.gz`, format: "SQLite file, gzipped" }
  return { file: `${id}.dump.gz`, format: "what the app's dump command printed, gzipped" }
}

async function describeSnapshot(manifest: Manifest, part: DatabasePart, path: string, names: SnapshotNames, ctx: RunContext) {
  return {
    id: manifest.id,
    version: manifest.appVersion,
    label: manifest.label,
    createdAt: manifest.startedAt,
    filename: names.file,
    sizeBytes: (await stat(path)).size,
    sha256: await digestOf(path, ctx),
    format: names.format,
    rows: part.facts.rows,
    holds: "the database only: files, secrets and configuration are in the recovery point",
  }
}
