import { HoldfastError } from "../base/errors.ts"
import { channels, type Channel, type ReleaseManifest } from "../release/manifest.ts"
import { nextIssue, type Timing } from "./build.ts"
import type { ReleaseDirectory } from "./directory.ts"
import { describedBy, newestOf } from "./promote.ts"

/**
 * The manifests that withdraw a version, one for each channel that has it: the newest release that is not withdrawn, issued again. Where
 * there is none, the withdrawn one itself is issued again and says so. Writes nothing. Throws RELEASE_UNKNOWN.
 */
export async function yankRelease(
  directory: ReleaseDirectory,
  version: string,
  timing: Timing,
): Promise<readonly { readonly manifest: ReleaseManifest; readonly text: string }[]> {
  const found: { manifest: ReleaseManifest; text: string }[] = []
  for (const channel of channels) {
    const issue = await yankIn(directory, channel, version, timing)
    if (issue !== null) found.push(issue)
  }
  if (found.length > 0) return found
  throw new HoldfastError("RELEASE_UNKNOWN", { what: `${version} is in no channel, or was withdrawn from all of them` })
}

async function yankIn(
  directory: ReleaseDirectory,
  channel: Channel,
  version: string,
  timing: Timing,
): Promise<{ manifest: ReleaseManifest; text: string } | null> {
  const before = await directory.issues(channel)
  const last = before.at(-1)?.manifest
  if (last === undefined || newestOf(before, version) === null || last.yanked.includes(version)) return null
  const left = before.findLast(({ manifest }) => manifest.version !== version && !last.yanked.includes(manifest.version))?.manifest
  // Only what is offered now is replaced; an older one is withdrawn while the newest stays.
  const base = last.version === version ? (left ?? last) : last
  return nextIssue(before, channel, describedBy(base), [version], timing)
}
