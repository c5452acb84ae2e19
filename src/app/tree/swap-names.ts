import { lstat, realpath } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { z } from "zod"
import { HoldfastError } from "../../base/errors.ts"
import { mountIdentity } from "./mounts.ts"
import { exists } from "./swap-steps.ts"

export const treeSwapSchema = z.object({
  /** `rename`: the directory itself; `entries`: what is in it, one by one. */
  mode: z.enum(["rename", "entries"]),
  root: z.string(),
  /** Made and filled by the caller, on the root's own file system; its owner and mode become the root's. */
  staged: z.string(),
  kept: z.string(),
  failed: z.string(),
  /** Whether there was a directory when this was planned. */
  existed: z.boolean(),
  /** Patterns of what is not replaced: it is in the live tree before and after. */
  stays: z.array(z.string()).default([]),
})

export type TreeSwap = Readonly<z.infer<typeof treeSwapSchema>>

/** Names of our own entries: in a root that is a mount point, and beside each file or directory that is replaced. No capture takes them. */
export const OWN_ENTRIES: readonly string[] = [".holdfast-*", ".*.holdfast-*"]

/**
 * Names the directories of one replacement. Nothing is changed. Throws NOT_PERMITTED when other mounts lie inside the root.
 * @param leaveAlone patterns of what the capture left out; our own entries are always left alone
 */
export async function planTreeSwap(root: string, operationId: string, leaveAlone: readonly string[] = []): Promise<TreeSwap> {
  return { ...(await directoriesOf(root, operationId)), stays: [...OWN_ENTRIES, ...leaveAlone] }
}

type Directories = Omit<TreeSwap, "stays">

async function directoriesOf(root: string, operationId: string): Promise<Directories> {
  const real = await realRoot(root)
  if (!(await exists(real))) return besideNames(real, operationId, false)
  if (!(await lstat(real)).isDirectory()) throw new HoldfastError("TARGET_NOT_EMPTY", { what: `${real} is not a directory` })
  const mount = await mountIdentity(real)
  if (mount.inside.length > 0) throw mountsInside(real, mount.inside)
  if (mount.isMountPoint) return entriesNames(real, join(real, `.holdfast-${operationId}`))
  // A container that still has the volume mounted holds the directory itself, whatever its name becomes.
  if (basename(real) === "_data") return entriesNames(real, join(dirname(real), `.holdfast-${operationId}`))
  return besideNames(real, operationId, true)
}

function besideNames(root: string, operationId: string, existed: boolean): Directories {
  const beside = (role: string): string => join(dirname(root), `.${basename(root)}.holdfast-${role}-${operationId}`)
  return { mode: "rename", root, staged: beside("staged"), kept: beside("kept"), failed: beside("failed"), existed }
}

function entriesNames(root: string, holder: string): Directories {
  return {
    mode: "entries",
    root,
    staged: join(holder, "staged"),
    kept: join(holder, "kept"),
    failed: join(holder, "failed"),
    existed: true,
  }
}

const PARENT_HINT = "Mount its disk; if it was deleted, make it again with mkdir, then run the command again."

/** Links are resolved, also when the directory itself is not there yet. */
async function realRoot(root: string): Promise<string> {
  try {
    return await realpath(root)
  } catch {
    const parent = await realpath(dirname(root)).catch((cause: unknown) => {
      throw new HoldfastError("SOURCE_MISSING", { what: `directory ${dirname(root)} does not exist`, hint: PARENT_HINT, cause })
    })
    return join(parent, basename(root))
  }
}

function mountsInside(root: string, inside: readonly string[]): HoldfastError {
  return new HoldfastError("NOT_PERMITTED", {
    what: `${root} cannot be replaced, something is mounted inside it: ${inside.slice(0, 3).join(", ")}`,
    hint: "Unmount it first, or restore with --into.",
  })
}
