import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import type { App, FileSource } from "../app/app.ts"
import { captureFiles } from "../backup/capture-files.ts"
import type { BackupTools } from "../backup/ports.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { FilesPart } from "../recovery-point/manifest.ts"
import type { OpenVault } from "../vault/vault.ts"
import { parseEntry, refuseUnsafe, type ArchiveEntry } from "./archive-entry.ts"
import { plainFile } from "./plain-file.ts"
import type { Recognised } from "./recognise.ts"

/** Unpacks a foreign archive into an empty directory of ours and captures it from there. Throws DUMP_DAMAGED for one that would write outside. */
export async function importFiles(
  tools: BackupTools,
  vault: OpenVault,
  app: App,
  point: string,
  source: FileSource,
  file: Recognised,
  scratch: string,
  ctx: RunContext,
): Promise<{ part: FilesPart; warnings: readonly string[] }> {
  await mkdir(scratch, { recursive: true, mode: 0o700 })
  const archive = await plainFile(file, join(scratch, `${source.name}.tar`), ctx.signal)
  refuseUnsafe(archive, await listArchive(tools, archive, ctx))
  const directory = join(scratch, "unpacked", source.name)
  await mkdir(directory, { recursive: true, mode: 0o755 })
  try {
    const flags = ["--numeric-owner", "--same-permissions", "--keep-old-files", "--delay-directory-restore"] as const
    await tar(tools, ["--extract", "--file", archive, "--directory", directory, ...flags], archive, ctx)
    const unpacked: FileSource = { ...source, place: { path: directory }, exclude: [], mustBeMounted: false }
    const captured = await captureFiles(vault, app, point, unpacked, { parent: null, strict: true }, ctx)
    return { ...captured, part: { ...captured.part, source: source.place.path } }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function listArchive(tools: BackupTools, archive: string, ctx: RunContext): Promise<readonly ArchiveEntry[]> {
  const flags = ["--verbose", "--numeric-owner", "--full-time", "--quoting-style=escape"] as const
  const listed = await tar(tools, ["--list", "--file", archive, ...flags], archive, ctx)
  return listed.split("\n").flatMap((line) => (line === "" ? [] : [parseEntry(archive, line)]))
}

async function tar(tools: BackupTools, args: readonly string[], archive: string, ctx: RunContext): Promise<string> {
  const result = await tools.commands.run(["tar", ...args], {}, ctx)
  if (result.exitCode === 0) return result.stdout
  throw new HoldfastError("DUMP_DAMAGED", { what: `${archive} cannot be read to its end`, why: result.stderrTail })
}
