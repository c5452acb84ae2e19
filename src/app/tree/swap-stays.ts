/*
 * What a capture left out (the database inside the tree with its log, caches, our own names) is not part of what a swap replaces:
 * it stays where it is. A swap takes everything along and then carries these entries over, before it counts as done; undoing
 * carries them back first. What still lies on the wrong side is what is still to be carried, so repeating it is harmless.
 */
import { mkdir, readdir, rm } from "node:fs/promises"
import { dirname } from "node:path"
import { syncDirectory } from "../../base/durable-file.ts"
import { HoldfastError } from "../../base/errors.ts"
import { excludesOf, type Excludes } from "./exclude.ts"
import type { TreeSwap } from "./swap-names.ts"
import { dressLike, exists, isDirectory, move, type Step } from "./swap-steps.ts"
import { joined, type TreePath } from "./tree-path.ts"

interface Carrying {
  readonly stays: Excludes
  readonly from: TreePath
  readonly to: TreePath
  /** What to do where the other side has something of that name: `refuse` throws, `leave` leaves both where they are. */
  readonly conflict: "refuse" | "leave"
  /** Where a directory is made until it is complete. */
  readonly making: string
  readonly before: Step | undefined
}

/** After a swap: from the kept tree into the live one. Throws TARGET_NOT_EMPTY where the restored tree has something in their place. */
export async function carryOver(swap: TreeSwap, before: Step | undefined): Promise<void> {
  await carry(swap, { from: swap.kept, to: swap.root, conflict: "refuse" }, before)
}

/** Before a swap is undone: from the live tree into the kept one. */
export async function carryBack(swap: TreeSwap, before: Step | undefined): Promise<void> {
  await carry(swap, { from: swap.root, to: swap.kept, conflict: "leave" }, before)
}

async function carry(
  swap: TreeSwap,
  way: { from: string; to: string; conflict: "refuse" | "leave" },
  before: Step | undefined,
): Promise<void> {
  if (!(await exists(way.from)) || !(await exists(way.to))) return
  const carrying = { ...way, stays: staysOf(swap), from: Buffer.from(way.from), to: Buffer.from(way.to), making: makingPlace(swap), before }
  for await (const path of matching(carrying.from, carrying.stays)) {
    // Where entries are moved one by one, those in the root itself were left where they are.
    if (swap.mode === "entries" && !path.includes("/")) continue
    await carryEntry(carrying, path)
  }
}

export function makingPlace(swap: Pick<TreeSwap, "failed">): string {
  return `${swap.failed}.making`
}

/** Matches a path relative to the root, as the names stand on disk. */
export function staysOf(swap: Pick<TreeSwap, "stays">): Excludes {
  return excludesOf(swap.stays)
}

/** What was captured all the same (by other settings) must not take the place of what stays. */
export async function dropStays(swap: TreeSwap, directory: string): Promise<void> {
  const root = Buffer.from(directory)
  for await (const path of matching(root, staysOf(swap))) await rm(joined(root, path), { recursive: true, force: true })
}

/** Topmost matching entries below `root`, relative to it. Links are not followed. */
async function* matching(root: TreePath, stays: Excludes): AsyncGenerator<TreePath> {
  const pending: TreePath[] = [Buffer.alloc(0)]
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const directory = at.length === 0 ? root : joined(root, at)
    for (const entry of await readdir(directory, { encoding: "buffer", withFileTypes: true })) {
      const path = at.length === 0 ? entry.name : joined(at, entry.name)
      if (stays(path.toString("utf8"))) yield path
      else if (entry.isDirectory()) pending.push(path)
    }
  }
}

async function carryEntry(carrying: Carrying, path: TreePath): Promise<void> {
  const [from, to] = [joined(carrying.from, path), joined(carrying.to, path)]
  if ((await isDirectory(from)) && (await isDirectory(to))) {
    for (const name of await readdir(from, { encoding: "buffer" })) await carryEntry(carrying, joined(path, name))
    return
  }
  if ((await exists(to)) || !(await makeParents(carrying, path))) return refuseConflict(carrying, to)
  await move(from, to, carrying.before)
  await syncDirectory(dirname(to.toString()))
  await syncDirectory(dirname(from.toString()))
}

/** False where something that is no directory is in the way. */
async function makeParents(carrying: Carrying, path: TreePath): Promise<boolean> {
  for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
    const parent = path.subarray(0, slash)
    const made = joined(carrying.to, parent)
    if (await isDirectory(made)) continue
    if (await exists(made)) return false
    await makeLike(carrying, made, joined(carrying.from, parent))
  }
  return true
}

/** It has its name only once it has its owner and mode. */
async function makeLike({ making, before }: Carrying, path: TreePath, model: TreePath): Promise<void> {
  await rm(making, { recursive: true, force: true })
  before?.(`make ${making}`)
  await mkdir(making, { mode: 0o700 })
  await dressLike(making, model, before)
  await move(making, path, before)
}

function refuseConflict(carrying: Carrying, to: TreePath): void {
  if (carrying.conflict === "leave") return
  throw new HoldfastError("TARGET_NOT_EMPTY", {
    what: `${to.toString()} is in the place of what a restore leaves alone`,
    why: "it is excluded from the points, but the restored tree has something of this name",
  })
}
