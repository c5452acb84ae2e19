/** What became of a tree between two of its states, in the order of the states. */
import { excludesOf } from "../../app/tree/exclude.ts"
import { comparePaths, readTreeState, walkTree, type TreeEntry } from "./state.ts"

export type TreeChange =
  /** Was not there before. A directory stands for everything in it. */
  | { readonly kind: "added"; readonly path: string }
  /** Is not as it was any more, or is gone: what was there before. */
  | { readonly kind: "changed" | "gone"; readonly was: TreeEntry }
  /** A directory that is still one, with another owner, mode or time. */
  | { readonly kind: "directory"; readonly was: TreeEntry }

/** Changes from the recorded state to the tree as it lies there now. */
export async function* changesSince(recorded: string, root: string, exclude: readonly string[]): AsyncGenerator<TreeChange> {
  yield* changesBetween(readTreeState(recorded), asynchronous(walkTree(root, excludesOf(exclude))))
}

/** Whether nothing at all changed between two recorded states. */
export async function sameState(before: string, after: string): Promise<boolean> {
  for await (const change of changesBetween(readTreeState(before), readTreeState(after))) if (change) return false
  return true
}

async function* asynchronous(entries: Iterable<TreeEntry>): AsyncGenerator<TreeEntry> {
  for (const entry of entries) yield await Promise.resolve(entry)
}

export async function* changesBetween(before: AsyncIterator<TreeEntry>, after: AsyncIterator<TreeEntry>): AsyncGenerator<TreeChange> {
  let [was, is] = [await nextOf(before), await nextOf(after)]
  while (was !== null || is !== null) {
    const order = was === null ? 1 : is === null ? -1 : comparePaths(was.path, is.path)
    if (order < 0 && was !== null) {
      yield { kind: "gone", was }
      was = await nextOf(before)
    } else if (order > 0 && is !== null) {
      yield { kind: "added", path: is.path }
      is = await nextOutside(after, is.path)
    } else if (was !== null && is !== null) {
      const change = changeOf(was, is)
      if (change !== null) yield change
      // What lies below something that is no directory any more, or has become one, belongs to that change.
      const below = is.kind === "directory" && was.kind !== "directory" ? is.path : null
      was = await nextOf(before)
      is = below === null ? await nextOf(after) : await nextOutside(after, below)
    }
  }
}

function changeOf(was: TreeEntry, is: TreeEntry): TreeChange | null {
  if (was.kind === "directory" && is.kind === "directory") return sameDirectory(was, is) ? null : { kind: "directory", was }
  return sameEntry(was, is) ? null : { kind: "changed", was }
}

function sameDirectory(was: TreeEntry, is: TreeEntry): boolean {
  return was.mode === is.mode && was.uid === is.uid && was.gid === is.gid && was.modifiedNs === is.modifiedNs
}

/**
 * The time of change cannot be put back by a program; the inode tells a file that was replaced by one just like it. Whatever happens to one
 * name of a hard-linked file changes that time for all of them, so all of them come back together.
 */
function sameEntry(was: TreeEntry, is: TreeEntry): boolean {
  return sameContent(was, is) && was.changedNs === is.changedNs && was.inode === is.inode
}

/** As far as it can be told of an entry that was put back from elsewhere. */
export function sameContent(was: TreeEntry, is: TreeEntry): boolean {
  const same = was.kind === is.kind && was.sizeBytes === is.sizeBytes && was.uid === is.uid && was.gid === is.gid
  if (was.kind === "link") return same
  return same && was.mode === is.mode && was.modifiedNs === is.modifiedNs
}

async function nextOf(entries: AsyncIterator<TreeEntry>): Promise<TreeEntry | null> {
  const next = await entries.next()
  return next.done === true ? null : next.value
}

/** The next entry that is not inside of `path`. */
async function nextOutside(entries: AsyncIterator<TreeEntry>, path: string): Promise<TreeEntry | null> {
  for (let next = await nextOf(entries); next !== null; next = await nextOf(entries)) {
    if (!next.path.startsWith(`${path}/`)) return next
  }
  return null
}
