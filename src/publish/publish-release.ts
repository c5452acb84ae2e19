import { sha256 } from "../base/canonical-json.ts"
import { HoldfastError } from "../base/errors.ts"
import { readKeyAnnouncement } from "../release/key-rotation.ts"
import { readManifest, type ReleaseManifest } from "../release/manifest.ts"
import { issueFile, latestFile, PUBLIC_KEY_FILE } from "../release/place.ts"
import { pinKey, readPublicKey, type PinnedKey, type PublicKey } from "../release/public-key.ts"
import { verifySignature } from "../release/signature.ts"
import { isEarlier } from "../release/version.ts"
import type { Issue, ReleaseDirectory } from "./directory.ts"
import type { SignedFiles } from "./sign.ts"
import { signatureIn } from "./signature-in.ts"

export interface Published {
  readonly manifest: ReleaseManifest
  /** `sha256:…` of the manifest's bytes. */
  readonly digest: string
  /** Below the directory. */
  readonly file: string
}

/**
 * Publishes a signed manifest: first under its own name, which is never written twice, then as the newest of its channel; the manifest
 * last, so that whoever looks meanwhile sees the old one or the new one. Doing it again with the same bytes finishes what was interrupted.
 * Throws RELEASE_SIGNATURE_MISSING, RELEASE_SIGNATURE_INVALID, RELEASE_INVALID, RELEASE_KEY_NOT_PINNED, RELEASE_EXISTS.
 */
export async function publishRelease(
  directory: ReleaseDirectory,
  document: Uint8Array,
  beside: SignedFiles,
  publicKey: PublicKey,
): Promise<Published> {
  const key = pinKey(publicKey, publicKey.fingerprint)
  await verifySignature(document, signatureIn(beside), key)
  const manifest = readManifest(document)
  // What was published before is looked at and added to as one step: two at once would give one sequence to two releases.
  const file = await directory.exclusively(async () => await place(directory, manifest, document, beside, key))
  return { manifest, digest: sha256(document), file }
}

async function place(
  directory: ReleaseDirectory,
  manifest: ReleaseManifest,
  document: Uint8Array,
  beside: SignedFiles,
  key: PinnedKey,
): Promise<string> {
  await keepPublicKey(directory, manifest.product, key)
  const file = issueFile(manifest.version, manifest.channel, manifest.sequence)
  const before = await directory.issues(manifest.channel)
  const there = before.find((issue) => issue.file === file)
  if (there === undefined || sha256(there.bytes) !== sha256(document)) {
    refuseOutOfOrder(manifest, before)
    await directory.add(file, document, beside)
  } else if (there !== before.at(-1))
    throw new HoldfastError("RELEASE_EXISTS", { what: `${file} was published before, and a later one since` })
  await directory.replace(latestFile(manifest.channel), document, beside)
  await readBack(directory, file, key)
  return file
}

/** Every issue says more than the one before: one number further, a newer version, or the same again, or an older one because newer ones were withdrawn. */
function refuseOutOfOrder(manifest: ReleaseManifest, before: readonly Issue[]): void {
  const last = before.at(-1)?.manifest
  const next = (last?.sequence ?? 0) + 1
  if (manifest.sequence < next) {
    throw new HoldfastError("RELEASE_EXISTS", {
      what: `sequence ${manifest.sequence} of ${manifest.channel} was published before`,
      why: `the next one is ${next}`,
      hint: "Build it again; the sequence follows from the directory.",
    })
  }
  if (last === undefined) return
  const problem = problemAfter(last, manifest)
  if (problem !== null)
    throw new HoldfastError("RELEASE_INVALID", { what: "the release does not follow from the one before", why: problem })
}

function problemAfter(last: ReleaseManifest, manifest: ReleaseManifest): string | null {
  if (manifest.product !== last.product) return `the directory is one of ${last.product}`
  const forgotten = last.yanked.find((version) => !manifest.yanked.includes(version))
  if (forgotten !== undefined) return `${forgotten} was withdrawn, and this release does not say so`
  if (manifest.version === last.version) return sameContent(last, manifest) ? null : `${last.version} was published with other images`
  if (isEarlier(last.version, manifest.version) || manifest.yanked.includes(last.version)) return null
  return `${last.version} is newer and was not withdrawn`
}

function sameContent(left: ReleaseManifest, right: ReleaseManifest): boolean {
  const images = (manifest: ReleaseManifest): string =>
    JSON.stringify(
      Object.entries(manifest.images)
        .map(([name, { repository, digest }]) => [name, repository, digest])
        .toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
    )
  return images(left) === images(right)
}

/** The first key stays; another one needs an announcement that the first one signed, for without it nobody who follows would take it. */
async function keepPublicKey(directory: ReleaseDirectory, product: string, key: PinnedKey): Promise<void> {
  const there = await directory.read(PUBLIC_KEY_FILE)
  if (there !== null) {
    const present = readPublicKey(Buffer.from(there).toString("utf8"))
    if (present.fingerprint === key.fingerprint) return
    if ((await announcedBy(directory, present, product)) !== key.fingerprint) pinKey(key, present.fingerprint)
  }
  await directory.replace(PUBLIC_KEY_FILE, Buffer.from(key.pem), {})
}

async function announcedBy(directory: ReleaseDirectory, present: PublicKey, product: string): Promise<string | null> {
  const announcement = await directory.source.announcement({ signal: new AbortController().signal })
  if (announcement === null) return null
  const { bytes, signature } = announcement
  return (await readKeyAnnouncement(bytes, signature, pinKey(present, present.fingerprint), product)).key.fingerprint
}

/** What is served is what was signed, whoever else has a hand in the directory. */
async function readBack(directory: ReleaseDirectory, file: string, key: PinnedKey): Promise<void> {
  const signed = await directory.signed(file)
  if (signed === null) throw new HoldfastError("RELEASE_UNKNOWN", { what: `${file} is gone again` })
  await verifySignature(signed.bytes, signed.signature, key)
}
