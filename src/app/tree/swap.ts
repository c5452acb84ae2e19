/**
 * Replacing a directory tree by renames (design §7.6). What exists decides where a replacement stands, never memory, so that
 * repeating a step after a crash ends in the old or the new state. A directory is renamed whole; where it is a mount
 * point or a volume that containers have mounted by inode, its entries are moved, and the name of a directory tells how far that is.
 */
import { rm, rmdir } from "node:fs/promises"
import { dirname } from "node:path"
import type { RunContext } from "../../base/run-context.ts"
import { entriesIn, entriesBack } from "./swap-entries.ts"
import { directoryBack, directoryIn } from "./swap-directory.ts"
import type { TreeSwap } from "./swap-names.ts"
import { carryBack, carryOver, makingPlace } from "./swap-stays.ts"
import { exists, type Step } from "./swap-steps.ts"

export { dropStays } from "./swap-stays.ts"
export { OWN_ENTRIES, planTreeSwap, treeSwapSchema, type TreeSwap } from "./swap-names.ts"

/** Live becomes kept, staged becomes live. Repeating it is harmless. Throws NOT_PERMITTED with the old data back in place. */
export async function swapTreeIn(swap: TreeSwap, ctx: RunContext, before?: Step): Promise<void> {
  ctx.signal.throwIfAborted()
  await (swap.mode === "rename" ? directoryIn(swap, before) : entriesIn(swap, before))
  await carryOver(swap, before)
}

/** Live becomes failed, kept becomes live; a swap that was never begun or not finished is undone. Repeating it is harmless. */
export async function swapTreeBack(swap: TreeSwap, _ctx: RunContext, before?: Step): Promise<void> {
  // Once the new entries are all set aside, what lies in the root is already the old state.
  if (swap.mode === "rename" || !(await exists(swap.failed))) await carryBack(swap, before)
  await (swap.mode === "rename" ? directoryBack(swap, before) : entriesBack(swap, before))
}

export interface TreeSwapState {
  readonly live: boolean
  readonly staged: boolean
  readonly kept: boolean
  readonly failed: boolean
}

/** Which of the directories exist now, complete. */
export async function observeTreeSwap(swap: TreeSwap): Promise<TreeSwapState> {
  const [live, staged, kept, failed] = await Promise.all([swap.root, swap.staged, swap.kept, swap.failed].map(exists))
  return { live: live === true, staged: staged === true, kept: kept === true, failed: failed === true }
}

/** Removes what is not live; one that is not there is fine. Links are removed, never followed. */
export async function dropKeptTree(swap: TreeSwap, what: "staged" | "kept" | "failed", ctx: RunContext): Promise<void> {
  ctx.signal.throwIfAborted()
  await rm(swap[what], { recursive: true, force: true })
  await rm(makingPlace(swap), { recursive: true, force: true })
  if (swap.mode === "entries") await rmdir(dirname(swap[what])).catch(() => undefined)
}
