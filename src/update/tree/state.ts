/**
 * What a file tree is at one moment, entry by entry and without reading any file: written as lines in a fixed order, so that two states
 * of a tree of any size are compared by reading both once.
 */
import { createReadStream, lstatSync, opendirSync, type BigIntStats } from "node:fs"
import { lstat, open, realpath, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"
import { createInterface } from "node:readline"
import { z } from "zod"
import { excludesOf, type Excludes } from "../../app/tree/exclude.ts"
import { joined, type TreePath } from "../../app/tree/tree-path.ts"
import { syncDirectory } from "../../base/durable-file.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"

const entrySchema = z.tuple([
  z.string(),
  z.enum(["file", "directory", "link"]),
  z.number(),
  z.string(),
  z.string(),
  z.string(),
  z.number(),
  z.number(),
  z.number(),
])

/** One entry; the root itself has an empty path. Sockets, pipes and devices are left out, as a capture leaves them out. */
export interface TreeEntry {
  /** Relative to the root, one character for each byte (Latin-1): names need not be UTF-8. */
  readonly path: string
  readonly kind: "file" | "directory" | "link"
  readonly sizeBytes: number
  readonly modifiedNs: string
  /** Set by the kernel at every change, also where a program puts the time of modification back. */
  readonly changedNs: string
  readonly inode: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** Entries between two looks at the cancel signal. */
const BATCH = 512

/**
 * Writes the state of a tree to `file`, durably and whole or not at all.
 * @param exclude patterns of what the tree's capture leaves out
 * Throws SOURCE_MISSING when the root is not a directory.
 */
export async function writeTreeState(root: string, exclude: readonly string[], file: string, ctx: RunContext): Promise<void> {
  const unfinished = `${file}.unfinished`
  const output = await open(unfinished, "w", 0o600)
  try {
    let lines: string[] = []
    for (const entry of walkTree(await rootOf(root), excludesOf(exclude))) {
      lines.push(lineOf(entry))
      if (lines.length < BATCH) continue
      ctx.signal.throwIfAborted()
      await output.write(lines.join(""))
      lines = []
    }
    await output.write(lines.join(""))
    await output.sync()
  } catch (thrown) {
    await rm(unfinished, { force: true })
    throw spaceMissing(thrown, dirname(file))
  } finally {
    await output.close()
  }
  await rename(unfinished, file)
  await syncDirectory(dirname(file))
}

/** A full disk is something that a person can act on; anything else stays what it is. */
export function spaceMissing(thrown: unknown, where: string): unknown {
  const full = thrown instanceof Error && "code" in thrown && (thrown.code === "ENOSPC" || thrown.code === "EDQUOT")
  return full ? new HoldfastError("SPACE_MISSING", { what: `there is no room left in ${where}`, cause: thrown }) : thrown
}

/** Reads a state back, in its order. */
export async function* readTreeState(file: string): AsyncGenerator<TreeEntry> {
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (line !== "") yield entryOf(line)
  }
}

export function lineOf(entry: TreeEntry): string {
  const { path, kind, sizeBytes, modifiedNs, changedNs, inode, mode, uid, gid } = entry
  return `${JSON.stringify([path, kind, sizeBytes, modifiedNs, changedNs, inode, mode, uid, gid])}\n`
}

export function entryOf(line: string): TreeEntry {
  const [path, kind, sizeBytes, modifiedNs, changedNs, inode, mode, uid, gid] = entrySchema.parse(JSON.parse(line))
  return { path, kind, sizeBytes, modifiedNs, changedNs, inode, mode, uid, gid }
}

/** The order of a state: a directory, then what is in it, names by their bytes. */
export function comparePaths(left: string, right: string): number {
  const [a, b] = [left.replaceAll("/", "\0"), right.replaceAll("/", "\0")]
  return a === b ? 0 : a < b ? -1 : 1
}

async function rootOf(root: string): Promise<string> {
  const path = await realpath(root).catch((cause: unknown) => {
    throw new HoldfastError("SOURCE_MISSING", { what: `${root} does not exist`, cause })
  })
  if (!(await lstat(path)).isDirectory()) throw new HoldfastError("SOURCE_MISSING", { what: `${root} is not a directory` })
  return path
}

/** The tree as it lies there now, links never followed. Entries that vanish meanwhile are left out. */
export function* walkTree(root: string, excludes: Excludes): Generator<TreeEntry> {
  const start = Buffer.from(root)
  const pending: TreePath[] = [start]
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const relative = path.subarray(start.length + 1)
    if (relative.length > 0 && excludes(relative.toString("utf8"))) continue
    const status = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    const entry = status === undefined ? null : described(relative, status)
    if (entry === null) continue
    yield entry
    if (entry.kind === "directory") pending.push(...namesIn(path).map((name) => joined(path, name)))
  }
}

/** The last one first, because the walk takes them from the end. */
function namesIn(directory: TreePath): readonly Buffer[] {
  const names: Buffer[] = []
  const handle = opendirSync(directory, { encoding: "latin1" })
  try {
    for (let entry = handle.readSync(); entry !== null; entry = handle.readSync()) names.push(Buffer.from(entry.name, "latin1"))
  } finally {
    handle.closeSync()
  }
  return names.toSorted((left, right) => Buffer.compare(right, left))
}

function described(relative: TreePath, status: BigIntStats): TreeEntry | null {
  const kind = status.isFile() ? "file" : status.isDirectory() ? "directory" : status.isSymbolicLink() ? "link" : null
  if (kind === null) return null
  return {
    path: relative.toString("latin1"),
    kind,
    sizeBytes: Number(status.size),
    modifiedNs: String(status.mtimeNs),
    changedNs: String(status.ctimeNs),
    inode: String(status.ino),
    mode: Number(status.mode) & 0o7777,
    uid: Number(status.uid),
    gid: Number(status.gid),
  }
}
