import { mkdir, rename, rm } from "node:fs/promises"
import { literally } from "../../app/tree/exclude.ts"
import type { TreeSwap } from "../../app/tree/swap.ts"
import { syncDirectory } from "../../base/durable-file.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { OpenVault } from "../../vault/vault.ts"
import { treeNotes } from "./notes.ts"
import type { TreeEntry } from "./state.ts"

/** Where a tree's content of before the update lies. */
export interface TreeContent {
  readonly vault: OpenVault
  readonly app: string
  readonly part: string
  readonly point: string
  readonly treeId: string
}

/** With more names than this the whole tree is fetched: each name is compared with each entry of the vault's tree. */
const NAMED_AT_MOST = 1000

/** Fetches these entries (or the whole tree) beside the live one; `fetched` is there only when it is complete. */
export async function fetchEntries(swap: TreeSwap, wanted: readonly TreeEntry[], content: TreeContent, ctx: RunContext): Promise<void> {
  const { fetching, fetched } = treeNotes(swap)
  await rm(fetching, { recursive: true, force: true })
  await mkdir(fetching, { recursive: true, mode: 0o700 })
  const { vault, app, part, point, treeId } = content
  const items = await vault.backend.list(vault.location, { app, point, part }, ctx)
  const item = items.find((candidate) => candidate.treeId === treeId)
  if (item === undefined) {
    throw new HoldfastError("POINT_DAMAGED", {
      what: `vault ${vault.location.name} no longer holds ${part} as it was before the update`,
      why: `no item of ${point} with content ${treeId} is listed`,
    })
  }
  const names = namesOf(wanted)
  await vault.backend.restoreTree(vault.location, item, fetching, names === null ? {} : { include: names }, ctx)
  await rename(fetching, fetched)
  await syncDirectory(swap.staged)
}

/** Null where they are too many, or one of them is not text and cannot be named. */
function namesOf(wanted: readonly TreeEntry[]): readonly string[] | null {
  if (wanted.length > NAMED_AT_MOST) return null
  const names: string[] = []
  for (const { path } of wanted) {
    const bytes = Buffer.from(path, "latin1")
    const text = bytes.toString("utf8")
    if (!Buffer.from(text, "utf8").equals(bytes)) return null
    names.push(`/${literally(text)}`)
  }
  return names
}
