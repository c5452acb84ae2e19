/** Where the notes about one tree lie while an update can be taken back: beside the tree, in the place of what is kept. */
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import type { TreeSwap } from "../../app/tree/swap.ts"

export interface TreeNotes {
  /** The state before the tree was captured while the app still ran. */
  readonly running: string
  /** The state after everything had been stopped: what a rollback gives back. */
  readonly stopped: string
  /** What going back changes, decided once. */
  readonly putBack: string
  /** The note of the state, once the tree has it again. */
  readonly done: string
  /** Content from the vault, complete. */
  readonly fetched: string
  /** The same while it is fetched. */
  readonly fetching: string
  /** What the new version had made of it. */
  readonly aside: string
}

export function treeNotes(swap: Pick<TreeSwap, "kept" | "staged" | "failed">): TreeNotes {
  return {
    running: join(swap.kept, "running.jsonl"),
    stopped: join(swap.kept, "stopped.jsonl"),
    putBack: join(swap.kept, "put-back.jsonl"),
    done: join(swap.kept, "done.jsonl"),
    fetched: join(swap.staged, "tree"),
    fetching: join(swap.staged, "partial"),
    aside: swap.failed,
  }
}

/** Ours alone: names of files are told by nobody but the tree itself. */
export async function makeNotesPlace(swap: Pick<TreeSwap, "kept">): Promise<void> {
  await mkdir(swap.kept, { recursive: true, mode: 0o700 })
}
