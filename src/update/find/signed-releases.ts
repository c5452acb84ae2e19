import type { UpdateRules } from "../../app/app.ts"
import { HoldfastError, isHoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import { highestReleaseSeen, pinnedReleaseKey, recordReleaseKey, recordReleaseSeen } from "../../recovery-point/release-marks.ts"
import { channelNamed } from "../../release/channel.ts"
import { fetchAnnouncement, fetchChain, fetchLatest } from "../../release/fetch-release.ts"
import type { FoundReleases, InstallableRelease } from "../../release/installable.ts"
import type { Channel } from "../../release/manifest.ts"
import type { ReleaseSource } from "../../release/ports.ts"
import type { TrustedRelease, TrustRules } from "../../release/trust.ts"
import { compareVersionTexts } from "../../release/version.ts"
import type { OpenVault } from "../../vault/vault.ts"
import type { FindSubject, FindTools } from "./find-tools.ts"
import { allowedRepositories, installable } from "./release-services.ts"
import { runningVersion } from "../running.ts"
import { vendorKey } from "./vendor-key.ts"

/** The newest release of a channel, trusted, and by which rules. */
export interface TrustedNewest {
  readonly source: ReleaseSource
  readonly trust: TrustRules
  readonly newest: TrustedRelease
}

/** Releases of a signed channel between what runs and its newest. Throws what `findReleases` throws. */
export async function findSigned(
  tools: FindTools,
  subject: FindSubject,
  rules: UpdateRules,
  vaults: readonly OpenVault[],
  ctx: RunContext,
): Promise<FoundReleases> {
  const found = await trustNewest(tools, subject, rules, channelNamed(rules.channel), vaults, ctx)
  const { source, trust, newest } = found
  await rememberNewest(tools, subject, found, vaults, ctx)
  const { services } = subject.running.model
  const offered = installable(newest, services, rules)
  const running = runningVersion(subject.app, rules, subject.running, Object.keys(offered.images))
  const chain = await chainFrom(running, subject, offered, found, ctx)
  const announced = await fetchAnnouncement(source, trust, ctx)
  return {
    running,
    hops: chain.map((release) => installable(release, services, rules)),
    lookedAt: ctx.clock.now(),
    notices: [
      ...yankedNotices(running, newest),
      ...(vaults.length === 0 ? ["No vault is there yet: that this release was seen is remembered on this host alone."] : []),
      ...(running !== null && compareVersionTexts(running, offered.version) === 0 && !runsImages(subject, offered)
        ? [`${running} runs, but not with the images of the release ${offered.version}.`]
        : []),
      ...(announced === null
        ? []
        : [
            `The vendor announces a new key, ${announced.key.fingerprint}. Compare it on another way, then: ${confirmCommand(subject.app.name, announced.key.fingerprint)}`,
          ]),
    ],
  }
}

/**
 * The newest release of a channel, if it may be trusted. What the vaults remember is read first. Writes nothing but what the store was
 * missing. Throws RELEASE_*; for an announced key, RELEASE_KEY_UNCONFIRMED with the command that confirms it.
 */
export async function trustNewest(
  { store, releases }: Pick<FindTools, "store" | "releases">,
  { app, running }: FindSubject,
  rules: UpdateRules,
  channel: Channel,
  vaults: readonly OpenVault[],
  ctx: RunContext,
): Promise<TrustedNewest> {
  const { product } = rules
  const source = openSource(releases, app.name, rules)
  // Before the key: this brings the store up to what the vaults know of both.
  const highestSeen = await highestReleaseSeen(vaults, store, app.name, { product, channel }, ctx)
  const key = await vendorKey(store, app.name, rules)
  const repositories = allowedRepositories(rules, running.model.services)
  const trust: TrustRules = { product, channel, key, repositories, highestSeen, now: ctx.clock.now() }
  try {
    return { source, trust, newest: await fetchLatest(source, trust, ctx) }
  } catch (thrown) {
    throw withConfirmCommand(thrown, app.name)
  }
}

/** Where the settings say that signed releases are. Throws UPDATES_NOT_SET_UP, RELEASE_SOURCE_REFUSED. */
export function openSource(releases: FindTools["releases"], app: string, { url }: Pick<UpdateRules, "url">): ReleaseSource {
  // A variable that is not set leaves its name in the place of the address.
  if (url?.startsWith("env:") === true)
    throw new HoldfastError("UPDATES_NOT_SET_UP", { what: `the address of the releases of ${app} is not set`, why: `${url} is not there` })
  if (url !== null) return releases.open(url)
  throw new HoldfastError("UPDATES_NOT_SET_UP", { what: `the address of the releases of ${app} is not set` })
}

/** Seals in the vaults that this release was seen, and with which key; from here on nothing older is trusted. */
async function rememberNewest(
  { store }: Pick<FindTools, "store">,
  { app }: FindSubject,
  { newest, trust }: TrustedNewest,
  vaults: readonly OpenVault[],
  ctx: RunContext,
): Promise<void> {
  const { product, channel, sequence, version } = newest.manifest
  await recordReleaseSeen(vaults, store, app.name, { product, channel, sequence, version, digest: newest.digest }, ctx)
  const replaces = await pinnedReleaseKey(store, app.name, product)
  await recordReleaseKey(vaults, store, app.name, { product, fingerprint: trust.key.fingerprint, replaces }, ctx)
}

/** Where nothing tells which version runs, only a release that accepts any may follow. */
async function chainFrom(
  running: string | null,
  subject: FindSubject,
  offered: InstallableRelease,
  { source, newest, trust }: TrustedNewest,
  ctx: RunContext,
): Promise<readonly TrustedRelease[]> {
  const { version, upgradesFrom, yanked } = newest.manifest
  // The vendor withdrew what it offers: there was nothing else to offer.
  if (yanked.includes(version)) return []
  if (running !== null) return await fetchChain(source, running, newest, trust, ctx)
  if (runsImages(subject, offered)) return []
  if (upgradesFrom === null) return [newest]
  throw new HoldfastError("RELEASE_NO_PATH", {
    what: `whether ${version} may follow cannot be told`,
    why: `it follows ${upgradesFrom} or later, and nothing tells which version runs`,
    hint: "Let health report the version (`health.version`), or start the image by a tag that is a version.",
  })
}

/** Whether every service runs the very image of the release. */
function runsImages({ running }: FindSubject, { images }: InstallableRelease): boolean {
  return Object.entries(images).every(([service, { digest }]) => {
    const states = running.states.filter((state) => state.service === service)
    return states.length > 0 && states.every((state) => state.repositoryDigests.some((known) => known.endsWith(`@${digest}`)))
  })
}

function yankedNotices(running: string | null, { manifest }: TrustedRelease): readonly string[] {
  const { version, yanked, product } = manifest
  const notices: string[] = []
  if (running !== null && yanked.includes(running)) notices.push(`${product} ${running}, which runs, was withdrawn by its vendor.`)
  if (yanked.includes(version)) notices.push(`${product} ${version} was withdrawn by its vendor, and there is no other release.`)
  if (running !== null && (compareVersionTexts(running, version) ?? 0) > 0) {
    notices.push(`${running} runs, and the newest release of this channel is ${version}; an older version is never installed.`)
  }
  return notices
}

function withConfirmCommand(thrown: unknown, app: string): unknown {
  const announced = isHoldfastError(thrown, "RELEASE_KEY_UNCONFIRMED") ? thrown.details["announced"] : undefined
  if (!isHoldfastError(thrown) || typeof announced !== "string") return thrown
  return new HoldfastError(thrown.code, {
    what: thrown.message,
    ...(thrown.why === undefined ? {} : { why: thrown.why }),
    hint: `Nothing was installed. Compare the fingerprint with what the vendor tells on another way, then run \`${confirmCommand(app, announced)}\`.`,
    details: thrown.details,
    cause: thrown,
  })
}

export function confirmCommand(app: string, fingerprint: string): string {
  return `holdfast update key ${app} --confirm ${fingerprint}`
}
