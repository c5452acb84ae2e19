import { sha256 } from "../base/canonical-json.ts"
import { canonicalManifest, type Channel, type Hop, type ReleaseManifest } from "../release/manifest.ts"
import { isEarlier } from "../release/version.ts"
import type { Issue, ReleaseDirectory } from "./directory.ts"

/** What the vendor says of a release; the rest follows from what was published before. */
export type ReleaseDescription = Pick<
  ReleaseManifest,
  "product" | "version" | "images" | "upgradesFrom" | "preFlight" | "migrate" | "schemaVersion" | "notes"
>

export interface Timing {
  readonly now: Date
  /** How long it is valid, from now on; afterwards it has to be issued again. */
  readonly validMs: number
}

/** The next manifest of a channel: sequence, hops and withdrawn versions follow from the directory. Writes nothing. Throws RELEASE_INVALID. */
export async function buildRelease(
  directory: ReleaseDirectory,
  channel: Channel,
  described: ReleaseDescription,
  timing: Timing,
): Promise<{ readonly manifest: ReleaseManifest; readonly text: string }> {
  return nextIssue(await directory.issues(channel), channel, described, [], timing)
}

/** The next issue of a channel that has had these before. */
export function nextIssue(
  before: readonly Issue[],
  channel: Channel,
  described: ReleaseDescription,
  yanked: readonly string[],
  { now, validMs }: Timing,
): { readonly manifest: ReleaseManifest; readonly text: string } {
  const last = before.at(-1)
  const manifest: ReleaseManifest = {
    ...described,
    format: "holdfast.release",
    formatVersion: 1,
    channel,
    sequence: (last?.manifest.sequence ?? 0) + 1,
    issued: wholeSecond(now.getTime()),
    expires: wholeSecond(now.getTime() + validMs),
    yanked: [...new Set([...(last?.manifest.yanked ?? []), ...yanked])],
    hops: [],
  }
  const complete = { ...manifest, hops: hopsTo(manifest, before) }
  return { manifest: complete, text: canonicalManifest(complete) }
}

/** The earlier versions of the channel, each in its newest issue, without those that were withdrawn. */
function hopsTo(manifest: ReleaseManifest, before: readonly Issue[]): Hop[] {
  const newest = new Map(before.map((issue) => [issue.manifest.version, issue]))
  newest.delete(manifest.version)
  return [...newest.values()]
    .filter((issue) => !manifest.yanked.includes(issue.manifest.version) && isEarlier(issue.manifest.version, manifest.version))
    .map((issue) => ({
      version: issue.manifest.version,
      sequence: issue.manifest.sequence,
      upgradesFrom: issue.manifest.upgradesFrom,
      manifest: sha256(issue.bytes),
    }))
}

function wholeSecond(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z")
}
