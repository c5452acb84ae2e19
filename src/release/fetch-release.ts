import { isHoldfastError } from "../base/errors.ts"
import { refuseUnknownKey, readKeyAnnouncement, type AnnouncedKey } from "./key-rotation.ts"
import type { FetchContext, ReleaseSource } from "./ports.ts"
import { trustHop, trustRelease, type TrustedRelease, type TrustRules } from "./trust.ts"
import { chainOfHops, type Reachable } from "./hops.ts"

/**
 * The newest release of the channel, if it may be trusted. Throws what the source throws and what `trustRelease` throws; for a release
 * that the pinned key has not signed, the error says whether the vendor announces a new key (RELEASE_KEY_UNCONFIRMED) or not.
 */
export async function fetchLatest(source: ReleaseSource, rules: TrustRules, ctx: FetchContext): Promise<TrustedRelease> {
  const served = await source.latest(rules.channel, ctx)
  try {
    return await trustRelease(served.bytes, served.signature, rules)
  } catch (thrown) {
    if (!isHoldfastError(thrown, "RELEASE_SIGNATURE_INVALID")) throw thrown
    throw refuseUnknownKey(thrown, rules.key, await fetchAnnouncement(source, rules, ctx))
  }
}

/** The key that the pinned one announces; null when there is no announcement, or none that the pinned key signed for this product. */
export async function fetchAnnouncement(
  source: ReleaseSource,
  { key, product }: Pick<TrustRules, "key" | "product">,
  ctx: FetchContext,
): Promise<AnnouncedKey | null> {
  try {
    const served = await source.announcement(ctx)
    return served === null ? null : await readKeyAnnouncement(served.bytes, served.signature, key, product)
  } catch (thrown) {
    // Whoever could break it could as well have taken it away: it only ever adds to what is said of the release.
    if (isHoldfastError(thrown)) return null
    throw thrown
  }
}

/**
 * The releases to apply one after the other, the newest last; empty when nothing is newer than what runs. Throws RELEASE_NO_PATH, and
 * RELEASE_INVALID for a release on the way that is not the one that was signed for.
 */
export async function fetchChain(
  source: ReleaseSource,
  running: string,
  newest: TrustedRelease,
  rules: TrustRules,
  ctx: FetchContext,
): Promise<readonly TrustedRelease[]> {
  const { version, upgradesFrom, hops, yanked } = newest.manifest
  const chain = chainOfHops<Reachable>(running, { version, upgradesFrom }, hops, yanked)
  const found: TrustedRelease[] = []
  for (const step of chain) {
    const hop = hops.find((one) => one.version === step.version)
    if (hop === undefined) found.push(newest)
    else found.push(trustHop((await source.issue(hop.version, rules.channel, hop.sequence, ctx)).bytes, hop, rules))
  }
  return found
}
