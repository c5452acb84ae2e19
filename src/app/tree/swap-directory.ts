import { HoldfastError } from "../../base/errors.ts"
import type { TreeSwap } from "./swap-names.ts"
import { exists, move, syncParents, type Step } from "./swap-steps.ts"

/** Two renames; between them there is no live directory, and after each the state is told by what exists. */
export async function directoryIn(swap: TreeSwap, before: Step | undefined): Promise<void> {
  if (!(await exists(swap.staged))) return await requireLive(swap)
  if (await exists(swap.root)) {
    // Kept, live and staged at once: something (a container engine does it) made a directory while the name was free.
    await setAside(swap, (await exists(swap.kept)) ? swap.failed : swap.kept, before)
  }
  await place(swap.staged, swap.root, before)
}

export async function directoryBack(swap: TreeSwap, before: Step | undefined): Promise<void> {
  if (await exists(swap.kept)) {
    if (await exists(swap.root)) await setAside(swap, swap.failed, before)
    return await place(swap.kept, swap.root, before)
  }
  if ((await exists(swap.failed)) || (await exists(swap.staged)) || swap.existed) return
  // There was no directory before: the new one goes, and nothing takes its place.
  if (await exists(swap.root)) await setAside(swap, swap.failed, before)
}

async function setAside(swap: TreeSwap, aside: string, before: Step | undefined): Promise<void> {
  if (await exists(aside))
    throw new HoldfastError("TARGET_NOT_EMPTY", { what: `${swap.root} cannot be set aside, ${aside} is there already` })
  await place(swap.root, aside, before)
}

async function place(from: string, to: string, before: Step | undefined): Promise<void> {
  await move(from, to, before)
  await syncParents(from, to)
}

async function requireLive(swap: TreeSwap): Promise<void> {
  if (await exists(swap.root)) return
  throw new HoldfastError("SOURCE_MISSING", { what: `neither ${swap.root} nor ${swap.staged} exists`, hint: "Restore the files again." })
}
