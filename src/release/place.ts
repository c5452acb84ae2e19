import type { Channel } from "./manifest.ts"

/** Where things lie below the address of the releases; whatever serves files can serve it. */
export const PUBLIC_KEY_FILE = "cosign.pub"
export const ANNOUNCEMENT_FILE = "key.json"
/** A detached signature lies beside its document, or else a bundle. */
export const SIGNATURE_ENDING = ".sig"
export const BUNDLE_ENDING = ".sigstore.json"

export function latestFile(channel: Channel): string {
  return `channels/${channel}/latest.json`
}

/** Each issue of a channel stays under its own name; it is never written twice. */
export function issueFile(version: string, channel: Channel, sequence: number): string {
  return `releases/${version}/${channel}-${sequence}.json`
}

/** Channel and sequence of an issue's file name; null for another file. */
export function parseIssueFile(name: string): { readonly channel: string; readonly sequence: number } | null {
  const match = /^([a-z]+)-([1-9][0-9]{0,14})\.json$/.exec(name)
  return match === null ? null : { channel: match[1] ?? "", sequence: Number(match[2]) }
}
