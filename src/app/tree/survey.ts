/** Looks at a file tree without reading any file: what is there, what a backup of it would miss, and what it stands on. */
import { accessSync, constants, lstatSync, opendirSync, readlinkSync, type Dir, type Stats } from "node:fs"
import { lstat, realpath, stat } from "node:fs/promises"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import { excludesOf, type Excludes } from "./exclude.ts"
import { mountIdentity, type MountIdentity } from "./mounts.ts"
import { shortList, type ShortList } from "./short-list.ts"
import { joined, shown, type TreePath } from "./tree-path.ts"

/** All names are relative to the root and escaped for people; lists are cut after 1,000 with a count of the rest. */
export interface TreeSurvey {
  /** Regular files, each name of a hard-linked one counted. */
  readonly files: number
  readonly directories: number
  readonly symbolicLinks: number
  /** Apparent size of regular files, each name counted. */
  readonly sizeBytes: number
  /** Bytes really allocated: less than `sizeBytes` for sparse files. */
  readonly allocatedBytes: number
  readonly root: { readonly uid: number; readonly gid: number; readonly mode: number }
  readonly mount: MountIdentity
  /** Sockets, FIFOs and devices: not stored. */
  readonly skipped: readonly string[]
  /** Set-id files and hard links to files outside the tree: a restore strips or splits them. */
  readonly special: readonly string[]
  readonly unreadable: readonly string[]
  /** Links that name an absolute path: they may point elsewhere after a restore. */
  readonly absoluteLinks: readonly string[]
  /** Pairs of names in one directory that a folding or normalising file system takes for the same. */
  readonly foldingCollisions: readonly string[]
  readonly newestModifiedAt: Date | null
}

export interface SurveyOptions {
  readonly exclude: readonly string[]
  /** Each file is asked whether we may read it, unless told otherwise: a third of the time, for one who only counts again. */
  readonly askReadable?: boolean
}

interface Walk {
  readonly root: TreePath
  readonly excludes: Excludes
  readonly askReadable: boolean
  readonly counts: {
    files: number
    directories: number
    symbolicLinks: number
    sizeBytes: number
    allocatedBytes: number
    newestMs: number
  }
  readonly lists: Record<"skipped" | "special" | "unreadable" | "absoluteLinks" | "foldingCollisions", ShortList>
  /** Hard-linked files of which not every name was seen yet. */
  readonly linked: Map<string, { seen: number; links: number; name: string }>
  /** Entries seen so far, of any kind. */
  entries: number
  /** Directories still to be read: a list, not recursion, so that depth costs nothing. */
  readonly pending: TreePath[]
}

/** Entries between two looks at the cancel signal. */
const BATCH = 512
/** Names compared for folding in one directory, and hard links remembered, so that memory stays bounded. */
const REMEMBERED_AT_MOST = 100_000
const BLOCK_BYTES = 512

/**
 * Walks the tree once, never following a link. Entries that vanish meanwhile are left out.
 * @param root absolute path of a directory; a link to one is resolved
 * Throws SOURCE_MISSING when it is not a directory, SOURCE_UNREADABLE when it cannot be read at all.
 */
export async function surveyTree(root: string, options: SurveyOptions, ctx: RunContext): Promise<TreeSurvey> {
  const path = await realpath(root).catch((cause: unknown) => {
    throw new HoldfastError("SOURCE_MISSING", { what: `${root} does not exist`, cause })
  })
  const status = await stat(path)
  if (!status.isDirectory()) throw new HoldfastError("SOURCE_MISSING", { what: `${root} is not a directory` })
  const walk = newWalk(path, options)
  for (let directory = walk.pending.pop(); directory !== undefined; directory = walk.pending.pop()) {
    await visitDirectory(walk, directory, ctx)
  }
  for (const { seen, links, name } of walk.linked.values()) walk.lists.special.add(`${name}: ${links - seen} hard links outside the tree`)
  return reportOf(walk, status, await mountIdentity(path))
}

function newWalk(root: string, { exclude, askReadable = true }: SurveyOptions): Walk {
  return {
    root: Buffer.from(root),
    excludes: excludesOf(exclude),
    askReadable,
    counts: { files: 0, directories: 0, symbolicLinks: 0, sizeBytes: 0, allocatedBytes: 0, newestMs: -1 },
    lists: {
      skipped: shortList(),
      special: shortList(),
      unreadable: shortList(),
      absoluteLinks: shortList(),
      foldingCollisions: shortList(),
    },
    linked: new Map(),
    entries: 0,
    pending: [Buffer.from(root)],
  }
}

async function visitDirectory(walk: Walk, directory: TreePath, ctx: RunContext): Promise<void> {
  const handle = openDirectory(walk, directory)
  if (handle === null) return
  const folded = new Map<string, Buffer>()
  try {
    for (let entry = handle.readSync(); entry !== null; entry = handle.readSync()) {
      // Latin-1 is one character for each byte: the name comes back exact.
      const name = Buffer.from(entry.name, "latin1")
      visitEntry(walk, joined(directory, name), folded, name)
      walk.entries += 1
      // Waiting for any file operation lets other work run, however few entries each directory has.
      if (walk.entries % BATCH === 0) await lstat(walk.root)
      ctx.signal.throwIfAborted()
    }
  } finally {
    handle.closeSync()
  }
  ctx.progress.amount({ filesDone: walk.counts.files })
}

function openDirectory(walk: Walk, directory: TreePath): Dir | null {
  try {
    // Swapped for a link since it was seen (F69): then it is not ours to follow.
    if (directory.length > walk.root.length && !lstatSync(directory).isDirectory()) return null
    return opendirSync(directory, { encoding: "latin1" })
  } catch (thrown) {
    if (!hasVanished(thrown)) walk.lists.unreadable.add(relativeOf(walk, directory))
    return null
  }
}

function visitEntry(walk: Walk, path: TreePath, folded: Map<string, Buffer>, name: Buffer): void {
  if (walk.excludes(path.subarray(walk.root.length + 1).toString("utf8"))) return
  let status: Stats
  try {
    status = lstatSync(path)
  } catch (thrown) {
    if (!hasVanished(thrown)) walk.lists.unreadable.add(relativeOf(walk, path))
    return
  }
  noteFolding(walk, path, folded, name)
  walk.counts.newestMs = Math.max(walk.counts.newestMs, status.mtimeMs)
  if (status.isDirectory()) visitSubdirectory(walk, path)
  else if (status.isFile()) visitFile(walk, path, status)
  else if (status.isSymbolicLink()) visitLink(walk, path)
  else walk.lists.skipped.add(`${relativeOf(walk, path)} (${kindOf(status)})`)
}

function visitSubdirectory(walk: Walk, path: TreePath): void {
  walk.counts.directories += 1
  walk.pending.push(path)
}

function visitFile(walk: Walk, path: TreePath, status: Stats): void {
  walk.counts.files += 1
  walk.counts.sizeBytes += status.size
  walk.counts.allocatedBytes += status.blocks * BLOCK_BYTES
  if ((status.mode & 0o6000) !== 0)
    walk.lists.special.add(`${relativeOf(walk, path)}: ${(status.mode & 0o4000) === 0 ? "setgid" : "setuid"}`)
  if (status.nlink > 1) noteHardLink(walk, path)
  // Asking takes longer than all the rest; a list that denies us what everyone may read makes the vault's engine refuse the file.
  if (walk.askReadable && (status.mode & constants.S_IROTH) === 0) noteUnreadable(walk, path)
}

function noteUnreadable(walk: Walk, path: TreePath): void {
  try {
    accessSync(path, constants.R_OK)
  } catch (thrown) {
    if (!hasVanished(thrown)) walk.lists.unreadable.add(relativeOf(walk, path))
  }
}

function noteHardLink(walk: Walk, path: TreePath): void {
  const status = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (status === undefined) return
  const key = `${status.dev}:${status.ino}`
  const known = walk.linked.get(key)
  const seen = (known?.seen ?? 0) + 1
  if (seen >= Number(status.nlink)) walk.linked.delete(key)
  else if (known !== undefined || walk.linked.size < REMEMBERED_AT_MOST) {
    walk.linked.set(key, { seen, links: Number(status.nlink), name: known?.name ?? relativeOf(walk, path) })
  }
}

function visitLink(walk: Walk, path: TreePath): void {
  walk.counts.symbolicLinks += 1
  try {
    const target = readlinkSync(path, "buffer")
    if (target[0] === "/".codePointAt(0)) walk.lists.absoluteLinks.add(`${relativeOf(walk, path)} → ${shown(target)}`)
  } catch (thrown) {
    if (!hasVanished(thrown)) walk.lists.unreadable.add(relativeOf(walk, path))
  }
}

function noteFolding(walk: Walk, path: TreePath, folded: Map<string, Buffer>, name: Buffer): void {
  const key = name.toString("utf8").normalize("NFC").toLowerCase()
  const other = folded.get(key)
  if (other !== undefined) walk.lists.foldingCollisions.add(`${relativeOf(walk, path)} and ${shown(other)}`)
  else if (folded.size < REMEMBERED_AT_MOST) folded.set(key, name)
}

function kindOf(status: Stats): string {
  if (status.isSocket()) return "socket"
  return status.isFIFO() ? "FIFO" : "device"
}

function relativeOf(walk: Walk, path: TreePath): string {
  return path.length <= walk.root.length ? "." : shown(path.subarray(walk.root.length + 1))
}

function hasVanished(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && (thrown.code === "ENOENT" || thrown.code === "ENOTDIR")
}

function reportOf(walk: Walk, root: Stats, mount: MountIdentity): TreeSurvey {
  const { newestMs, ...counts } = walk.counts
  return {
    ...counts,
    root: { uid: root.uid, gid: root.gid, mode: root.mode & 0o7777 },
    mount,
    skipped: walk.lists.skipped.names(),
    special: walk.lists.special.names(),
    unreadable: walk.lists.unreadable.names(),
    absoluteLinks: walk.lists.absoluteLinks.names(),
    foldingCollisions: walk.lists.foldingCollisions.names(),
    newestModifiedAt: newestMs < 0 ? null : new Date(newestMs),
  }
}
