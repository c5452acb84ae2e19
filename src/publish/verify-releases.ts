import { isHoldfastError } from "../base/errors.ts"
import { counted } from "../base/units.ts"
import { fetchLatest } from "../release/fetch-release.ts"
import { readManifest, type Channel, type Hop } from "../release/manifest.ts"
import type { FetchContext, ReleaseSource } from "../release/ports.ts"
import type { PinnedKey } from "../release/public-key.ts"
import { verifySignature } from "../release/signature.ts"
import { trustHop, type TrustedRelease, type TrustRules } from "../release/trust.ts"

/** One thing that was looked at. */
export interface ReleaseCheck {
  readonly channel: Channel
  readonly what: string
  readonly good: boolean
  /** The error's code; null when it is good. */
  readonly code: string | null
  readonly text: string
}

export interface VerifyRequest {
  readonly source: ReleaseSource
  readonly channels: readonly Channel[]
  readonly product: string
  readonly key: PinnedKey
  /** Where images may come from; null takes what each newest release itself names, and checks nothing of it. */
  readonly repositories: readonly string[] | null
  readonly now: Date
}

export interface VerifiedChannel {
  readonly channel: Channel
  readonly release: TrustedRelease | null
  readonly checks: readonly ReleaseCheck[]
}

/** Looks at channels as whoever follows them does: the newest release, and every one on the way to it. A channel that is not there is left out. */
export async function verifyReleases(request: VerifyRequest, ctx: FetchContext): Promise<readonly VerifiedChannel[]> {
  const found: VerifiedChannel[] = []
  for (const channel of request.channels) {
    const verified = await verifyChannel(channel, request, ctx)
    if (verified !== null) found.push(verified)
  }
  return found
}

async function verifyChannel(channel: Channel, request: VerifyRequest, ctx: FetchContext): Promise<VerifiedChannel | null> {
  const { source, product, key, now } = request
  try {
    const repositories = request.repositories ?? (await namedRepositories(channel, request, ctx))
    const rules = { product, channel, key, repositories, highestSeen: null, now }
    const release = await fetchLatest(source, rules, ctx)
    const checks = [good(channel, "newest release", newestText(release, key))]
    for (const hop of release.manifest.hops) checks.push(await checkHop(hop, rules, source, ctx))
    return { channel, release, checks }
  } catch (thrown) {
    if (isHoldfastError(thrown, "RELEASE_UNKNOWN")) return null
    return { channel, release: null, checks: [bad(channel, "newest release", thrown)] }
  }
}

/** Of a release whose signature is good; of another one nothing, because that is refused before repositories are looked at. */
async function namedRepositories(channel: Channel, { source, key }: VerifyRequest, ctx: FetchContext): Promise<readonly string[]> {
  const { bytes, signature } = await source.latest(channel, ctx)
  try {
    await verifySignature(bytes, signature, key)
    return Object.values(readManifest(bytes).images).map((image) => image.repository)
  } catch (thrown) {
    if (isHoldfastError(thrown)) return []
    throw thrown
  }
}

async function checkHop(hop: Hop, rules: TrustRules, source: ReleaseSource, ctx: FetchContext): Promise<ReleaseCheck> {
  const { channel } = rules
  const what = `release ${hop.version}`
  try {
    const { bytes } = await source.issue(hop.version, channel, hop.sequence, ctx)
    trustHop(bytes, hop, rules)
    return good(channel, what, `sequence ${hop.sequence}: the bytes that the newest release names`)
  } catch (thrown) {
    return bad(channel, what, thrown)
  }
}

function newestText({ manifest, digest }: TrustedRelease, key: PinnedKey): string {
  const images = Object.keys(manifest.images).length
  return (
    `${manifest.product} ${manifest.version}, sequence ${manifest.sequence}, valid until ${manifest.expires}, ` +
    `${counted(images, "image")}, bytes ${digest}, signed with ${key.fingerprint}`
  )
}

function good(channel: Channel, what: string, text: string): ReleaseCheck {
  return { channel, what, good: true, code: null, text }
}

function bad(channel: Channel, what: string, thrown: unknown): ReleaseCheck {
  if (!isHoldfastError(thrown)) throw thrown
  return {
    channel,
    what,
    good: false,
    code: thrown.code,
    text: thrown.why === undefined ? thrown.message : `${thrown.message}: ${thrown.why}`,
  }
}
