import { mkdir, opendir } from "node:fs/promises"
import { basename, dirname } from "node:path"
import { syncDirectory } from "../../base/durable-file.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { TreeSwap } from "./swap-names.ts"
import { staysOf } from "./swap-stays.ts"
import { dressLike, exists, move, removeEmpty, syncParents, type Step } from "./swap-steps.ts"
import { joined } from "./tree-path.ts"

/*
 * The journal is the names of directories:
 *   kept.partial             live entries are being moved out; live and it together are the old state
 *   kept, staged             the old state is whole in kept; staged entries are being moved in
 *   kept, no staged          done
 *   kept, failed.partial     undoing: new entries are being moved out
 *   kept, failed             undoing: old entries are being moved back
 *   no kept                  undone
 */

/** On any refusal while the old entries are moved out, they are moved back before it is reported. */
export async function entriesIn(swap: TreeSwap, before: Step | undefined): Promise<void> {
  if (!(await exists(swap.kept))) {
    if (!(await exists(swap.staged)))
      throw new HoldfastError("SOURCE_MISSING", { what: `${swap.staged} does not exist`, hint: "Restore the files again." })
    await moveOutOrPutBack(swap, before)
  }
  if (await exists(swap.staged)) await moveIn(swap, swap.staged, before)
}

export async function entriesBack(swap: TreeSwap, before: Step | undefined): Promise<void> {
  if (await exists(partial(swap.kept))) return await moveIn(swap, partial(swap.kept), before)
  if (!(await exists(swap.kept))) return
  if (!(await exists(swap.failed))) await moveOut(swap, swap.failed, before)
  await moveIn(swap, swap.kept, before)
}

function partial(path: string): string {
  return `${path}.partial`
}

async function moveOutOrPutBack(swap: TreeSwap, before: Step | undefined): Promise<void> {
  try {
    await moveOut(swap, swap.kept, before)
  } catch (thrown) {
    if (thrown instanceof HoldfastError) await moveIn(swap, partial(swap.kept), before)
    throw thrown
  }
}

/** Everything in the root that is replaced moves to `aside`, which takes its final name only when nothing of it is left. */
async function moveOut(swap: TreeSwap, aside: string, before: Step | undefined): Promise<void> {
  const unfinished = partial(aside)
  if (!(await exists(unfinished))) {
    before?.(`make ${unfinished}`)
    await mkdir(unfinished, { recursive: true, mode: 0o700 })
    await syncParents(unfinished)
  }
  await moveEntries(swap, swap.root, unfinished, before)
  await dressLike(unfinished, swap.root, before)
  await move(unfinished, aside, before)
  await syncParents(aside)
}

/** Everything in `from` moves into the root, which gets its owner and mode; then `from` goes. */
async function moveIn(swap: TreeSwap, from: string, before: Step | undefined): Promise<void> {
  await moveEntries(swap, from, swap.root, before)
  // A directory that was only begun was not dressed yet: then the root still is as it was.
  if (from !== partial(swap.kept)) await dressLike(swap.root, from, before)
  await removeEmpty(from, before)
  await syncParents(from)
}

async function moveEntries(swap: TreeSwap, from: string, to: string, before: Step | undefined): Promise<void> {
  for (let moved = -1; moved !== 0;) {
    // A directory that changes while it is read may leave entries out: read it until nothing is left.
    moved = 0
    for (const name of await someNames(swap, from)) {
      await move(joined(Buffer.from(from), name), joined(Buffer.from(to), name), before)
      moved += 1
    }
  }
  await syncDirectory(to)
  await syncDirectory(from)
}

const NAMES_AT_ONCE = 1000

/** What lies in the root and is not replaced never moves, the directory of this replacement first of all. */
async function someNames(swap: TreeSwap, directory: string): Promise<readonly Buffer[]> {
  const own = basename(dirname(swap.kept))
  const stays = directory === swap.root ? staysOf(swap) : () => false
  const names: Buffer[] = []
  const handle = await opendir(directory, { encoding: "latin1" })
  for await (const entry of handle) {
    const name = Buffer.from(entry.name, "latin1")
    if (entry.name === own || stays(name.toString("utf8"))) continue
    names.push(name)
    if (names.length >= NAMES_AT_ONCE) break
  }
  return names
}
