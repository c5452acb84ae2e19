import { basename, dirname, join } from "node:path"
import type { ReplacementNames } from "../../../app/ports.ts"
import { HoldfastError } from "../../../base/errors.ts"

/** All beside the live file, so that every step is a rename on one file system. */
export function replacementNames(live: string, operationId: string): ReplacementNames {
  const beside = (role: string): string => join(dirname(live), `${prefixOf(live)}${role}-${operationId}`)
  return { live, staged: beside("staged"), kept: beside("kept"), failed: beside("failed") }
}

/** Throws TARGET_IS_LIVE for any path that is not one of ours beside `live`. */
export function requireOurs(live: string, path: string): void {
  if (dirname(path) === dirname(live) && basename(path).startsWith(prefixOf(live))) return
  throw new HoldfastError("TARGET_IS_LIVE", {
    what: `${path} is not a file that Holdfast put beside ${live}`,
    hint: "Nothing was removed.",
  })
}

function prefixOf(live: string): string {
  return `.${basename(live)}.holdfast-`
}
