/** A symbolic link that is led elsewhere by one rename: whoever looks sees the old or the new, never nothing. */
import { lstat, readlink, rename, rm, symlink } from "node:fs/promises"
import { dirname } from "node:path"
import { syncDirectory } from "../base/durable-file.ts"
import { HoldfastError } from "../base/errors.ts"

/** Where a link leads before and after, as it is written in it. Both are known before anything changes, so any state can be told and finished. */
export interface LinkSwap {
  readonly live: string
  /** The new link, until it is renamed over the live one. */
  readonly staged: string
  readonly from: string
  readonly to: string
}

/** Leads the link to `to` or back to `from`. Repeating it is harmless. Throws TARGET_NOT_EMPTY where something else has taken its place. */
export async function leadLink(swap: LinkSwap, where: "from" | "to"): Promise<void> {
  const now = await linkText(swap.live)
  if (now !== null && now !== swap.from && now !== swap.to) {
    throw new HoldfastError("TARGET_NOT_EMPTY", {
      what: `${swap.live} leads to ${now} now, which is neither of the two versions`,
      hint: `Somebody exchanged it meanwhile. Let it lead to ${swap.from} or ${swap.to}, then run the command again.`,
    })
  }
  await rm(swap.staged, { force: true })
  if (now !== swap[where]) {
    await symlink(swap[where], swap.staged)
    await rename(swap.staged, swap.live)
  }
  await syncDirectory(dirname(swap.live))
}

/** What is written in a link; null where there is nothing. Throws TARGET_NOT_EMPTY for something that is no link. */
export async function linkText(path: string): Promise<string | null> {
  const status = await lstat(path).catch(() => null)
  if (status === null) return null
  if (status.isSymbolicLink()) return await readlink(path)
  throw new HoldfastError("TARGET_NOT_EMPTY", {
    what: `${path} is no symbolic link`,
    hint: "Nothing was changed. Start the program through a link that leads to the directory of its version.",
  })
}
