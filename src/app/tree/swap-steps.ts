import { chmod, lchown, lstat, rename, rmdir } from "node:fs/promises"
import { dirname } from "node:path"
import { syncDirectory } from "../../base/durable-file.ts"
import { HoldfastError } from "../../base/errors.ts"

/** Called before each single change of the disk; tests stop there. */
export type Step = (change: string) => void

export async function exists(path: string | Buffer): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    (thrown: unknown) => {
      if (codeOf(thrown) === "ENOENT" || codeOf(thrown) === "ENOTDIR") return false
      throw thrown
    },
  )
}

/** A directory itself, not a link to one. */
export async function isDirectory(path: string | Buffer): Promise<boolean> {
  return (await exists(path)) && (await lstat(path)).isDirectory()
}

/** Renames and makes it durable. Throws NOT_PERMITTED for what the system refuses. */
export async function move(from: string | Buffer, to: string | Buffer, before: Step | undefined): Promise<void> {
  before?.(`rename ${from.toString()} to ${to.toString()}`)
  try {
    await rename(from, to)
  } catch (thrown) {
    throw refusal(from.toString(), thrown)
  }
}

/** Makes renames between two directories durable. */
export async function syncParents(...paths: readonly string[]): Promise<void> {
  for (const directory of new Set(paths.map((path) => dirname(path)))) await syncDirectory(directory)
}

/** Gives a directory the owner and mode of another. */
export async function dressLike(target: string | Buffer, model: string | Buffer, before: Step | undefined): Promise<void> {
  const { uid, gid, mode } = await lstat(model)
  const present = await lstat(target)
  if (present.uid === uid && present.gid === gid && present.mode === mode) return
  before?.(`dress ${target.toString()}`)
  if (present.uid !== uid || present.gid !== gid) await lchown(target, uid, gid)
  await chmod(target, mode & 0o7777)
}

export async function removeEmpty(path: string, before: Step | undefined): Promise<void> {
  before?.(`remove ${path}`)
  await rmdir(path)
}

const REASONS: Readonly<Record<string, string>> = {
  EPERM: "it is immutable or append-only, or belongs to somebody else",
  EACCES: "this user may not change its directory",
  EROFS: "the file system is read-only",
  EBUSY: "something is mounted there",
  EXDEV: "it lies across two file systems",
}

function refusal(path: string, thrown: unknown): unknown {
  const why = REASONS[codeOf(thrown)]
  if (why === undefined) return thrown
  return new HoldfastError("NOT_PERMITTED", {
    what: `${path} cannot be moved aside`,
    why: `${why} (${codeOf(thrown)})`,
    hint: "The old data is where it was. Remove what hinders it (`lsattr -d`, `findmnt`), then run it again.",
    cause: thrown,
  })
}

export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : ""
}
