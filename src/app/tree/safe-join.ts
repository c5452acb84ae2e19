import { lstatSync } from "node:fs"
import { isAbsolute, join } from "node:path"
import { HoldfastError } from "../../base/errors.ts"

/**
 * Joins a path that came from a dump, an archive or a vault to a directory of ours; the result cannot leave it.
 * Refused: absolute paths, `..`, `.` and empty parts, NUL, and any existing part that is a symbolic link, the last one
 * included, or a file with something below it (F69, F70, F74). A backslash is an ordinary character. Throws FILES_DIFFER.
 */
export function safeJoin(root: string, relative: string): string {
  const parts = relative.split("/")
  if (isAbsolute(relative) || relative.includes("\0") || parts.some((part) => part === "" || part === "." || part === "..")) {
    throw refused(relative, "it is not a plain relative path")
  }
  let path = root
  for (const [index, part] of parts.entries()) {
    path = join(path, part)
    const kind = kindAt(path)
    if (kind === "link") throw refused(relative, `${JSON.stringify(part)} is a symbolic link`)
    if (kind === "other" && index < parts.length - 1) throw refused(relative, `${JSON.stringify(part)} is not a directory`)
  }
  return path
}

/** Null for what does not exist (yet). */
function kindAt(path: string): "link" | "directory" | "other" | null {
  const status = lstatSync(path, { throwIfNoEntry: false })
  if (status === undefined) return null
  if (status.isSymbolicLink()) return "link"
  return status.isDirectory() ? "directory" : "other"
}

function refused(relative: string, why: string): HoldfastError {
  return new HoldfastError("FILES_DIFFER", {
    what: `path ${JSON.stringify(relative)} is refused`,
    why,
    hint: "A path must stay inside its directory. Find out where this one comes from before you trust the data.",
  })
}
