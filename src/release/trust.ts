import { sha256 } from "../base/canonical-json.ts"
import { HoldfastError } from "../base/errors.ts"
import { readManifest, type Channel, type Hop, type ReleaseManifest } from "./manifest.ts"
import type { PinnedKey } from "./public-key.ts"
import { verifySignature, type Signature } from "./signature.ts"

/** What an app expects of its releases, from its settings and from what was seen before. */
export interface TrustRules {
  readonly product: string
  readonly channel: Channel
  readonly key: PinnedKey
  /** Repositories that images may come from, whole: registry and path. */
  readonly repositories: readonly string[]
  /** The newest release of this product and channel that was ever trusted; null for the first. */
  readonly highestSeen: SeenRelease | null
  readonly now: Date
}

export interface SeenRelease {
  readonly sequence: number
  /** `sha256:…` of the manifest's bytes. */
  readonly digest: string
}

declare const trusted: unique symbol

/** A manifest whose bytes were signed by the pinned key and that breaks none of the rules. Only such a one is acted upon. */
export type TrustedRelease = {
  readonly manifest: ReleaseManifest
  /** `sha256:…` of the manifest's bytes. */
  readonly digest: string
} & { readonly [trusted]: true }

/** A clock may be a little behind the vendor's. */
const CLOCK_SKEW_MS = 5 * 60_000
/** Nobody publishes more than this between two looks; more is a number that is to lock others out (F119). */
const MAX_SEQUENCE_LEAP = 100_000

/**
 * The only way to a trusted release: signature over the bytes first, then reading the very same bytes, then each rule with an error of its
 * own. Throws RELEASE_SIGNATURE_MISSING, RELEASE_SIGNATURE_INVALID, RELEASE_INVALID, RELEASE_OTHER_PRODUCT, RELEASE_OTHER_CHANNEL,
 * RELEASE_OLDER, RELEASE_SEQUENCE_REUSED, RELEASE_SEQUENCE_LEAP, RELEASE_NOT_YET_VALID, RELEASE_EXPIRED, RELEASE_REPOSITORY_REFUSED.
 */
export async function trustRelease(document: Uint8Array, signature: Signature | null, rules: TrustRules): Promise<TrustedRelease> {
  // A copy of our own: what is verified is what is read, whatever becomes of the buffer meanwhile (F128).
  const bytes = Uint8Array.from(document)
  await verifySignature(bytes, signature, rules.key)
  const release = { manifest: readManifest(bytes), digest: sha256(bytes) }
  for (const check of [checkIdentity, checkSequence, checkTime, checkRepositories]) check(release, rules)
  return brand(release)
}

/**
 * A release on the way to a trusted one, authentic by the digest in the trusted manifest. Its own time may be over; product, channel,
 * version and repositories are checked as ever. Throws RELEASE_INVALID when the bytes are others, and the codes of those checks.
 */
export function trustHop(document: Uint8Array, hop: Hop, rules: Pick<TrustRules, "product" | "channel" | "repositories">): TrustedRelease {
  const bytes = Uint8Array.from(document)
  const digest = sha256(bytes)
  if (digest !== hop.manifest) {
    throw new HoldfastError("RELEASE_INVALID", { what: `the manifest of ${hop.version} is not the one that the newest release names` })
  }
  const release = { manifest: readManifest(bytes), digest }
  const { version, sequence, upgradesFrom } = release.manifest
  if (version !== hop.version || sequence !== hop.sequence || upgradesFrom !== hop.upgradesFrom) {
    throw new HoldfastError("RELEASE_INVALID", { what: `the manifest of ${hop.version} contradicts the newest release` })
  }
  checkIdentity(release, rules)
  checkRepositories(release, rules)
  return brand(release)
}

/** Throws RELEASE_YANKED when the version was withdrawn, by itself or by a later release. */
export function refuseYanked(version: string, { manifest }: TrustedRelease): void {
  if (!manifest.yanked.includes(version)) return
  throw new HoldfastError("RELEASE_YANKED", { what: `${manifest.product} ${version} was withdrawn by its vendor` })
}

interface ReadRelease {
  readonly manifest: ReleaseManifest
  readonly digest: string
}

function checkIdentity({ manifest }: ReadRelease, rules: Pick<TrustRules, "product" | "channel">): void {
  if (manifest.product !== rules.product) {
    throw new HoldfastError("RELEASE_OTHER_PRODUCT", { what: `this is a release of ${manifest.product}, not of ${rules.product}` })
  }
  if (manifest.channel === rules.channel) return
  throw new HoldfastError("RELEASE_OTHER_CHANNEL", { what: `this is a release for ${manifest.channel}, not for ${rules.channel}` })
}

function checkSequence({ manifest: { sequence }, digest }: ReadRelease, { highestSeen }: TrustRules): void {
  if (highestSeen === null) return
  if (sequence < highestSeen.sequence) {
    throw new HoldfastError("RELEASE_OLDER", {
      what: "the release is older than one that was seen before",
      why: `its sequence is ${sequence}, the highest seen is ${highestSeen.sequence}`,
    })
  }
  if (sequence === highestSeen.sequence && digest !== highestSeen.digest) {
    throw new HoldfastError("RELEASE_SEQUENCE_REUSED", { what: `another release with sequence ${sequence} was seen before` })
  }
  if (sequence - highestSeen.sequence > MAX_SEQUENCE_LEAP) {
    throw new HoldfastError("RELEASE_SEQUENCE_LEAP", {
      what: "the sequence of the release leaps",
      why: `from ${highestSeen.sequence} to ${sequence}; ${MAX_SEQUENCE_LEAP} is the most`,
    })
  }
}

function checkTime({ manifest: { issued, expires } }: ReadRelease, { now }: TrustRules): void {
  if (Date.parse(issued) > now.getTime() + CLOCK_SKEW_MS) {
    throw new HoldfastError("RELEASE_NOT_YET_VALID", { what: `the release is of ${issued}, and here it is ${now.toISOString()}` })
  }
  if (Date.parse(expires) > now.getTime()) return
  throw new HoldfastError("RELEASE_EXPIRED", { what: `the release expired at ${expires}` })
}

function checkRepositories({ manifest }: ReadRelease, { repositories }: Pick<TrustRules, "repositories">): void {
  const refused = Object.values(manifest.images).find((image) => !repositories.includes(image.repository))
  if (refused === undefined) return
  throw new HoldfastError("RELEASE_REPOSITORY_REFUSED", {
    what: `images of ${refused.repository} are not allowed`,
    why: `allowed: ${repositories.join(", ") || "none"}`,
  })
}

function brand(release: ReadRelease): TrustedRelease {
  const isTrusted = (one: ReadRelease): one is TrustedRelease => one === release
  if (isTrusted(release)) return release
  throw new Error("a release is itself")
}
