import { basename } from "node:path"
import type { WantedImage } from "../app/compose/image-text.ts"
import { imageTemplate } from "../app/compose/image-text.ts"
import type { ManagedUpdates } from "../app/managed-updates.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { highestReleaseSeen } from "../recovery-point/release-marks.ts"
import { channelNamed } from "../release/channel.ts"
import { fetchLatest } from "../release/fetch-release.ts"
import { chainOfHops, type Reachable } from "../release/hops.ts"
import type { InstallableRelease, ReleaseImage } from "../release/installable.ts"
import { pinKey, readPublicKey, type PinnedKey } from "../release/public-key.ts"
import { refuseYanked, trustHop, type TrustedRelease } from "../release/trust.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { AdoptTools } from "./ports.ts"
import { keyProblem } from "./secret-files.ts"

export interface ReleaseRequest {
  /** Null: the newest of the channel. */
  readonly version: string | null
  /** Service → image with its digest, named by a person instead of a signed release; empty: none. */
  readonly images: Readonly<Record<string, string>>
  /** Bytes of the vendor's key that are at hand; null: they are fetched. */
  readonly vendorKey: Uint8Array | null
}

/**
 * The vendor's key, compared with the digest that is pinned: the SHA-256 of the file or that of the key itself (C132).
 * Throws RELEASE_KEY_NOT_PINNED, and what fetching throws.
 */
export async function vendorKeyOf(
  tools: Pick<AdoptTools, "releases">,
  managed: Pick<ManagedUpdates, "keyUrl" | "keyDigest">,
  given: Uint8Array | null,
  ctx: RunContext,
): Promise<Uint8Array> {
  const bytes = given ?? (await tools.releases.keyAt(managed.keyUrl, ctx))
  const problem = keyProblem(bytes, managed.keyDigest)
  if (problem === null) return bytes
  throw new HoldfastError("RELEASE_KEY_NOT_PINNED", {
    what: `the vendor's key is not the pinned one`,
    why: `pinned is ${managed.keyDigest.replace("sha256:", "")}; ${problem}`,
  })
}

/**
 * What is pinned: the images of one release of the channel, by digest, for the services that need one (C138, C139).
 * Throws RELEASE_*, USAGE.
 */
export async function findRelease(
  tools: AdoptTools,
  app: { readonly name: string; readonly running: string | null },
  managed: ManagedUpdates,
  services: Readonly<Record<string, string>>,
  request: ReleaseRequest & { readonly key: Uint8Array },
  vaults: readonly OpenVault[],
  ctx: RunContext,
): Promise<InstallableRelease> {
  if (Object.keys(request.images).length > 0) return givenRelease(request)
  const key = pinnedKey(request.key)
  const { product } = managed
  const channel = channelNamed(managed.channel)
  const highestSeen = await highestReleaseSeen(vaults, tools.store, app.name, { product, channel }, ctx)
  const source = tools.releases.open(managed.url)
  const rules = { product, channel, key, repositories: managed.repositories, highestSeen, now: ctx.clock.now() }
  const newest = await fetchLatest(source, rules, ctx)
  const { version } = newest.manifest
  const wanted = request.version ?? version
  refuseYanked(wanted, newest)
  refuseUnreachable(app.running, wanted, newest)
  if (wanted === version) return installableFor(newest, services)
  const hop = newest.manifest.hops.find((one) => one.version === wanted)
  if (hop === undefined) throw unknownRelease(wanted, newest)
  return installableFor(trustHop((await source.issue(wanted, channel, hop.sequence, ctx)).bytes, hop, rules), services)
}

/** It was compared as a file; from here on the key itself is what counts. */
function pinnedKey(bytes: Uint8Array): PinnedKey {
  const key = readPublicKey(Buffer.from(bytes).toString("utf8"))
  return pinKey(key, key.fingerprint)
}

/** One release is adopted at a time; where several lead to the newest, the first is. */
function refuseUnreachable(running: string | null, wanted: string, newest: TrustedRelease): void {
  if (running === null) return
  const { version, upgradesFrom, hops, yanked } = newest.manifest
  const aim = wanted === version ? { version, upgradesFrom } : hops.find((one) => one.version === wanted)
  if (aim === undefined) return
  const chain = chainOfHops<Reachable>(running, aim, hops, yanked)
  const [first] = chain
  if (first === undefined || chain.length === 1) return
  throw new HoldfastError("RELEASE_NO_PATH", {
    what: `${running} cannot become ${wanted} in one step`,
    why: `the way is ${chain.map((one) => one.version).join(", ")}`,
    hint: `Adopt with --release ${first.version}; \`holdfast update\` goes on from there.`,
  })
}

function unknownRelease(wanted: string, { manifest }: TrustedRelease): HoldfastError {
  const known = [...manifest.hops.map((one) => one.version), manifest.version]
  return new HoldfastError("RELEASE_UNKNOWN", {
    what: `the channel ${manifest.channel} has no release ${wanted}`,
    why: `there is ${known.join(", ")}`,
    hint: "Name one of these with --release, or leave it out for the newest.",
  })
}

/** @param services service → name of its image in a release */
function installableFor({ manifest, digest }: TrustedRelease, services: Readonly<Record<string, string>>): InstallableRelease {
  const { product, channel, version, sequence, schemaVersion, notes } = manifest
  const images = Object.entries(services).flatMap(([service, name]): [string, ReleaseImage][] => {
    const image = manifest.images[name]
    return image === undefined ? [] : [[service, { ...image, tag: null }]]
  })
  return {
    version,
    foundIn: "manifest",
    images: Object.fromEntries(images),
    // Its commands belong to updates, which rehearse them; adopting starts the server, which migrates by itself.
    preFlight: null,
    migrate: null,
    schemaVersion,
    notes,
    signed: { product, channel, sequence, digest },
  }
}

function givenRelease({ images, version }: ReleaseRequest): InstallableRelease {
  const given = Object.entries(images).map(([service, text]): [string, ReleaseImage] => [service, imageGiven(service, text)])
  const tagged = given.flatMap(([, { tag }]) => tag ?? [])[0]
  const told = version ?? tagged
  if (told === undefined)
    throw new HoldfastError("USAGE", { what: "which version these images are is not said", hint: "Say it with --release." })
  const none = { preFlight: null, migrate: null, schemaVersion: null, notes: "", signed: null }
  return { version: told, foundIn: "given", images: Object.fromEntries(given), ...none }
}

/** A tag may mean another image tomorrow, so a digest is asked for. */
export function imageGiven(service: string, text: string): WantedImage {
  const { repository, tag, digest } = imageTemplate(text)
  if (digest !== null) return { repository, tag, digest }
  throw new HoldfastError("USAGE", {
    what: `the image given for ${service} has no digest`,
    hint: `Write it as ${basename(repository)}@sha256:…; \`docker buildx imagetools inspect\` shows it.`,
  })
}
