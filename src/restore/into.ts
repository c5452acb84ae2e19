import { mkdir, readdir, realpath, rm } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import { pipeline } from "node:stream/promises"
import { createReadStream, createWriteStream } from "node:fs"
import type { App } from "../app/app.ts"
import type { DumpSource } from "../app/ports.ts"
import { isInside } from "../app/tree/inside.ts"
import { safeJoin } from "../app/tree/safe-join.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { DatabasePart, FilesPart, ManifestPart, PathsPart } from "../recovery-point/manifest.ts"
import { partItem } from "../recovery-point/recovery-point.ts"
import type { Origin } from "./stage.ts"
import { fetchPaths, placeStaged, stageTree } from "./stage.ts"

/** What was written where by a restore beside everything live. */
export interface WrittenPart {
  readonly part: string
  readonly path: string
  readonly sizeBytes: number
}

/**
 * Writes parts of a point into a new or empty directory, touching nothing live: trees as directories, databases as the files their own tools
 * read (`name.dump`, `name.sqlite`), secrets and configuration under `secrets/` and `configuration/`.
 * Throws TARGET_NOT_EMPTY, TARGET_IS_LIVE, and FILES_DIFFER for a part whose name in the manifest leads out of the directory.
 * @param path restrict files to this path inside their tree; null for everything
 */
export async function restoreInto(
  origin: Origin,
  app: App,
  parts: readonly ManifestPart[],
  directory: string,
  path: string | null,
  ctx: RunContext,
): Promise<readonly WrittenPart[]> {
  await refuseLive(app, directory)
  await refuseOccupied(directory)
  const made = await mkdir(directory, { recursive: true, mode: 0o700 })
  try {
    const written: WrittenPart[] = []
    for (const part of parts) {
      const target = placeIn(directory, part)
      ctx.progress.step(`write ${part.part}`)
      await writePart(origin, part, target, path, ctx)
      if (path !== null && part.kind === "files" && (await droppedEmpty(target))) continue
      written.push({ part: part.part, path: target, sizeBytes: part.sizeBytes })
    }
    if (path !== null && written.length === 0) throw nothingAt(parts, path)
    return written
  } catch (thrown) {
    await removeWritten(directory, made !== undefined)
    throw thrown
  }
}

/** Half a point must not be taken for one. The directory was empty; it goes as well when it is of our making. */
export async function removeWritten(directory: string, whole: boolean): Promise<void> {
  if (whole) return await rm(directory, { recursive: true, force: true })
  for (const name of await readdir(directory)) await rm(join(directory, name), { recursive: true, force: true })
}

/** Where a part is written. Names come from the vault, so they are not trusted to stay inside. Throws FILES_DIFFER. */
export function placeIn(directory: string, part: ManifestPart): string {
  return safeJoin(directory, nameOf(part))
}

function nameOf(part: ManifestPart): string {
  if (part.kind === "database") return part.fileName
  if (part.kind === "files") return `files/${part.name}`
  return part.kind === "image" ? `images/${part.imageId.replace(/^sha256:/, "").slice(0, 12)}.tar` : part.kind
}

async function writePart(origin: Origin, part: ManifestPart, target: string, path: string | null, ctx: RunContext): Promise<void> {
  if (part.kind === "database" || part.kind === "image") return await writeStream(origin, part, target, ctx)
  if (part.kind === "files") return await writeTree(origin, part, target, path, ctx)
  await writePaths(origin, part, target, ctx)
}

async function writeStream(
  origin: Origin,
  part: DatabasePart | Extract<ManifestPart, { kind: "image" }>,
  target: string,
  ctx: RunContext,
): Promise<void> {
  await mkdir(join(target, ".."), { recursive: true, mode: 0o700 })
  const item = await partItem(origin.vault, origin.point, part.part, ctx)
  const copy = async (source: DumpSource): Promise<void> => {
    const input = createReadStream(source.path, { fd: source.fd, autoClose: false })
    await pipeline(input, createWriteStream(target, { mode: 0o600, flags: "wx", flush: true }), { signal: ctx.signal })
  }
  await origin.vault.backend.readStream(origin.vault.location, item, part.fileName, copy, ctx)
}

async function writeTree(origin: Origin, part: FilesPart, target: string, path: string | null, ctx: RunContext): Promise<void> {
  if (path === null) return await stageTree(origin, part, target, ctx)
  await mkdir(target, { recursive: true, mode: 0o700 })
  const item = await partItem(origin.vault, origin.point, part.part, ctx)
  await origin.vault.backend.restoreTree(origin.vault.location, item, target, { include: [path] }, ctx)
}

/** One of several trees may well not have the path; it is removed again then. */
async function droppedEmpty(target: string): Promise<boolean> {
  if ((await readdir(target)).length > 0) return false
  await rm(target, { recursive: true })
  return true
}

function nothingAt(parts: readonly ManifestPart[], path: string): HoldfastError {
  return new HoldfastError("PART_UNKNOWN", { what: `nothing is at ${path} in ${parts.map((part) => part.part).join(", ")}` })
}

async function writePaths(origin: Origin, part: PathsPart, target: string, ctx: RunContext): Promise<void> {
  const scratch = `${target}.fetched`
  const fetched = await fetchPaths(origin, part, scratch, ctx)
  try {
    await mkdir(target, { recursive: true, mode: 0o700 })
    for (const { stored } of part.paths) await placeStaged(safeJoin(fetched, stored), safeJoin(target, stored))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** `--into` must not name what the app is using, by this name or through links. Throws TARGET_IS_LIVE. */
export async function refuseLive(app: App, directory: string): Promise<void> {
  const live = [
    ...app.files.map((source) => source.place.path),
    ...app.databases.flatMap((source) => (source.engine === "sqlite" ? [source.place.path] : [])),
    ...app.secrets,
    ...app.configuration,
  ].filter((path) => path.startsWith("/"))
  const target = await withoutLinks(resolve(directory))
  for (const path of live) {
    const real = await withoutLinks(path)
    if (!isInside(real, target) && !isInside(target, real)) continue
    throw new HoldfastError("TARGET_IS_LIVE", { what: `${directory} is in use by ${app.name} (${path})` })
  }
}

/** The path with links resolved as far as it exists. */
async function withoutLinks(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    return path === dirname(path) ? path : join(await withoutLinks(dirname(path)), basename(path))
  }
}

/** Throws TARGET_NOT_EMPTY unless the directory is empty or does not exist. */
export async function refuseOccupied(directory: string): Promise<void> {
  const names = await readdir(directory).catch((thrown: unknown) => {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return []
    throw new HoldfastError("TARGET_NOT_EMPTY", { what: `${directory} is not a directory`, cause: thrown })
  })
  if (names.length > 0) throw new HoldfastError("TARGET_NOT_EMPTY", { what: `${directory} is not empty` })
}
