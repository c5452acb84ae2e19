import { lstat, readFile, realpath, stat } from "node:fs/promises"
import { realpathSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import type { SqliteSource } from "../../../app/app.ts"
import { HoldfastError } from "../../../base/errors.ts"

/** What SQLite keeps beside a database: its write-ahead log, the log's index, its rollback journal. */
export const SIDE_ENDINGS = ["-wal", "-shm", "-journal"] as const

/** The place as given. A place inside a volume is resolved before an engine is asked (`locateApp`). */
export function givenPath(source: SqliteSource): string {
  if (!("volume" in source.place)) return source.place.path
  throw new HoldfastError("VOLUME_NOT_VISIBLE", {
    what: `database ${source.name} lies in volume ${source.place.volume}, which was not located`,
  })
}

/**
 * The one true path of an existing database: links resolved, so that `-wal` is looked for where SQLite keeps it.
 * Throws DATABASE_MISSING, SQLITE_NOT_A_DATABASE for a directory or device, SQLITE_LINKED for a file with several names.
 */
export async function existingPath(source: SqliteSource): Promise<string> {
  const path = await realpath(givenPath(source)).catch((cause: unknown) => {
    throw new HoldfastError("DATABASE_MISSING", { what: `database file ${givenPath(source)} does not exist`, cause, hint: PATH_HINT })
  })
  const status = await stat(path)
  if (!status.isFile()) throw new HoldfastError("SQLITE_NOT_A_DATABASE", { what: `${path} is not a regular file` })
  if (status.nlink > 1) throw new HoldfastError("SQLITE_LINKED", { what: `${path} has ${status.nlink} names` })
  return path
}

const PATH_HINT = "Check the file's path in the settings, and that its disk is mounted."

/** The true path also of a database that is not there yet: its directory must be. */
export function plannedPath(source: SqliteSource): string {
  const path = givenPath(source)
  try {
    return realpathSync(path)
  } catch {
    return join(directoryOf(path), basename(path))
  }
}

const PARENT_HINT = "Mount its disk; if it was deleted, make it again with mkdir, then run the command again."

function directoryOf(path: string): string {
  try {
    return realpathSync(dirname(path))
  } catch (cause) {
    throw new HoldfastError("SOURCE_MISSING", { what: `directory ${dirname(path)} does not exist`, hint: PARENT_HINT, cause })
  }
}

/** Size of a database with its log and journal; an upper bound for a copy of it. */
export async function sizeWithSides(path: string): Promise<number> {
  const sizes = await Promise.all([path, ...SIDE_ENDINGS.map((ending) => path + ending)].map(sizeOrZero))
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function sizeOrZero(path: string): Promise<number> {
  return (await lstat(path).catch(() => null))?.size ?? 0
}

export async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null
}

/** Whether the file itself is a mount point (one file bound into a container): then it cannot be renamed. */
export async function isMountPoint(path: string): Promise<boolean> {
  const mounts = await readFile("/proc/self/mountinfo", "utf8").catch(() => "")
  return mounts.split("\n").some((line) => unescaped(line.split(" ")[4] ?? "") === path)
}

/** The kernel writes blanks in paths as octal escapes. */
function unescaped(path: string): string {
  return path.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)))
}
