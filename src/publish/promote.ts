import { HoldfastError } from "../base/errors.ts"
import type { Channel, ReleaseManifest } from "../release/manifest.ts"
import { nextIssue, type ReleaseDescription, type Timing } from "./build.ts"
import type { Issue, ReleaseDirectory } from "./directory.ts"

export interface Promotion extends Timing {
  readonly version: string
  readonly from: Channel
  /** The same channel issues the release again, with a new time. */
  readonly to: Channel
}

/**
 * The manifest that brings a release of one channel into another: the same images, commands and notes, nothing is built anew. Writes
 * nothing. Throws RELEASE_UNKNOWN, RELEASE_YANKED, RELEASE_EXISTS.
 */
export async function promoteRelease(
  directory: ReleaseDirectory,
  { version, from, to, ...timing }: Promotion,
): Promise<{ readonly manifest: ReleaseManifest; readonly text: string }> {
  const found = newestOf(await directory.issues(from), version)
  if (found === null) throw new HoldfastError("RELEASE_UNKNOWN", { what: `${version} was not published in ${from}` })
  const before = await directory.issues(to)
  const last = before.at(-1)?.manifest
  if (from !== to && last?.version === version) throw new HoldfastError("RELEASE_EXISTS", { what: `${to} has ${version} already` })
  const withdrawn = [...found.manifest.yanked, ...(last?.yanked ?? []), ...((await directory.issues(from)).at(-1)?.manifest.yanked ?? [])]
  if (withdrawn.includes(version)) throw withdrawnBefore(version)
  return nextIssue(before, to, describedBy(found.manifest), withdrawn, timing)
}

/** The newest issue of a version; null when there is none. */
export function newestOf(issues: readonly Issue[], version: string): Issue | null {
  return issues.findLast((issue) => issue.manifest.version === version) ?? null
}

/** What the vendor said of the release, without what depends on channel and time. */
export function describedBy(manifest: ReleaseManifest): ReleaseDescription {
  const { product, version, images, upgradesFrom, preFlight, migrate, schemaVersion, notes } = manifest
  return { product, version, images, upgradesFrom, preFlight, migrate, schemaVersion, notes }
}

function withdrawnBefore(version: string): HoldfastError {
  return new HoldfastError("RELEASE_YANKED", {
    what: `${version} was withdrawn`,
    hint: "A version that was withdrawn never comes back: build and publish the next one.",
  })
}
