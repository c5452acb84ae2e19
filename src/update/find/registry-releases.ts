import { readFile } from "node:fs/promises"
import type { UpdateRules } from "../../app/app.ts"
import { imageTemplate, isSameRepository } from "../../app/compose/image-text.ts"
import { HoldfastError, messageOf } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import { formatDuration } from "../../base/units.ts"
import { highestReleaseSeen } from "../../recovery-point/release-marks.ts"
import { verifyImageSignature } from "../../release/image-signature.ts"
import type { FoundReleases, InstallableRelease, ReleaseImage } from "../../release/installable.ts"
import type { ImageRegistry, Platform, ResolvedImage } from "../../release/ports.ts"
import type { PinnedKey } from "../../release/public-key.ts"
import { readRegistryCredentials, type CredentialsByRegistry } from "../../release/registry-credentials.ts"
import { selectTag, versionOfTag, type SelectedTag } from "../../release/tag-selection.ts"
import type { OpenVault } from "../../vault/vault.ts"
import type { FindSubject, FindTools } from "./find-tools.ts"
import { imageFamily, type ImageFamily } from "./image-family.ts"
import { notesOf } from "./label-notes.ts"
import { plainVersion } from "../running.ts"
import { thereSince } from "./tag-age.ts"
import { vendorKey } from "./vendor-key.ts"

/** A registry of nightly builds may have any number of tags that are too young; older ones than these are not asked for. */
const MOST_YOUNG_TAGS = 20

/** Everything that is the same for each tag that is looked at. */
interface Looking {
  readonly tools: FindTools
  readonly subject: FindSubject
  readonly rules: UpdateRules
  readonly registry: ImageRegistry
  readonly family: ImageFamily
  /** Of the family, each once. */
  readonly repositories: readonly [string, ...string[]]
  readonly platform: Platform
  /** Null where images need not be signed. */
  readonly key: PinnedKey | null
}

/** The newest tag that the rules allow, as a release of all services that belong together. Throws what `findReleases` throws. */
export async function findInRegistry(
  tools: FindTools,
  subject: FindSubject,
  rules: UpdateRules,
  vaults: readonly OpenVault[],
  ctx: RunContext,
): Promise<FoundReleases> {
  const { app } = subject
  const family = imageFamily(app, rules, subject.running)
  const [first, ...others] = family.members
  const unlike = others.filter((member, index, all) =>
    [first, ...all.slice(0, index)].every((one) => !isSameRepository(one.repository, member.repository)),
  )
  const looking: Looking = {
    tools,
    subject,
    rules,
    family,
    repositories: [first.repository, ...unlike.map(({ repository }) => repository)],
    registry: await tools.registry(await readCredentials(rules)),
    platform: await tools.platform(ctx),
    key: await keyOfVendor(tools, app.name, rules, vaults, ctx),
  }
  const tags = await tagsOf(looking, ctx)
  const { release, notices } = await newestRelease(looking, tags, ctx)
  const moved = await movedTags(looking, tags, ctx)
  return {
    running: runningOf(family, rules),
    hops: release === null ? [] : [release],
    lookedAt: ctx.clock.now(),
    notices: [...moved, ...notices],
  }
}

async function keyOfVendor(
  { store }: FindTools,
  app: string,
  rules: UpdateRules,
  vaults: readonly OpenVault[],
  ctx: RunContext,
): Promise<PinnedKey | null> {
  if (rules.keyFile === null) return null
  // Brings the store up to what the vaults know of the key.
  await highestReleaseSeen(vaults, store, app, { product: rules.product, channel: rules.channel }, ctx)
  return await vendorKey(store, app, rules)
}

async function readCredentials({ credentialsFile }: UpdateRules): Promise<CredentialsByRegistry> {
  if (credentialsFile === null) return new Map()
  try {
    return readRegistryCredentials(await readFile(credentialsFile, "utf8"))
  } catch (thrown) {
    if (thrown instanceof HoldfastError) throw thrown
    throw new HoldfastError("REGISTRY_AUTH_FAILED", {
      what: `the registry credentials ${credentialsFile} cannot be read`,
      why: messageOf(thrown),
    })
  }
}

/** Repository → its tags. */
type Tags = ReadonlyMap<string, readonly string[]>

async function tagsOf({ registry, repositories }: Looking, ctx: RunContext): Promise<Tags> {
  const found = new Map<string, readonly string[]>()
  for (const repository of repositories) found.set(repository, await registry.tags(repository, ctx))
  return found
}

async function newestRelease(
  looking: Looking,
  tags: Tags,
  ctx: RunContext,
): Promise<{ readonly release: InstallableRelease | null; readonly notices: readonly string[] }> {
  const notices: string[] = []
  let left = [...new Set([...tags.values()].flat())]
  while (notices.length < MOST_YOUNG_TAGS) {
    const next = selectTag(left, tagRules(looking))
    if (next === null) break
    const images = await resolveTag(looking, tags, next.tag, ctx)
    const young = await tooYoung(looking, next.tag, images, ctx)
    if (young === null) return { release: await releaseOf(looking, next, images, ctx), notices }
    notices.push(young)
    left = left.filter((tag) => tag !== next.tag)
  }
  return { release: null, notices }
}

function tagRules({ family, rules }: Looking): Parameters<typeof selectTag>[1] {
  const { versions, tagPattern, channel } = rules
  return { running: family.running, range: versions, tagPattern, prereleases: channel !== "stable" }
}

/** Each repository that has the tag → what it names for this machine. */
type Resolved = ReadonlyMap<string, ResolvedImage>

async function resolveTag({ registry, platform }: Looking, tags: Tags, tag: string, ctx: RunContext): Promise<Resolved> {
  const found = new Map<string, ResolvedImage>()
  for (const [repository, there] of tags) {
    if (there.includes(tag)) found.set(repository, await registry.resolve(repository, tag, platform, ctx))
  }
  return found
}

/** What to tell of a tag that has to wait; null when it may be used. The youngest image of a family decides. */
async function tooYoung({ tools, subject, rules }: Looking, tag: string, images: Resolved, ctx: RunContext): Promise<string | null> {
  if (rules.minimumAgeMs === 0) return null
  const now = ctx.clock.now()
  const since: number[] = []
  for (const [repository, { digest, created }] of images) {
    since.push((await thereSince(tools.store, { app: subject.app.name, repository }, { tag, digest, created }, now)).getTime())
  }
  const usable = new Date(Math.max(...since) + rules.minimumAgeMs)
  if (usable <= now) return null
  return `Tag ${tag} is newer, but younger than ${formatDuration(rules.minimumAgeMs)}; it is used from ${usable.toISOString()} on.`
}

async function releaseOf(looking: Looking, { tag, version }: SelectedTag, images: Resolved, ctx: RunContext): Promise<InstallableRelease> {
  const { repositories, family } = looking
  const missing = repositories.filter((repository) => !images.has(repository))
  if (missing.length > 0) {
    throw new HoldfastError("IMAGE_TAG_MISSING", {
      what: `${missing.join(", ")} has no tag ${tag}`,
      why: `${[...images.keys()].join(", ")} has it, and services that belong together move together or not at all`,
      hint: "It may still be on its way there: look again later, or ask the vendor.",
    })
  }
  for (const [repository, { digest }] of images) await verifySigned(looking, repository, digest, ctx)
  const digestOf = (repository: string): string | undefined => [...images].find(([one]) => isSameRepository(one, repository))?.[1].digest
  return {
    version: plainVersion(version),
    foundIn: "registry",
    images: Object.fromEntries(
      family.members.flatMap(({ service, repository }): [string, ReleaseImage][] => {
        const digest = digestOf(repository)
        return digest === undefined ? [] : [[service, { repository, digest, tag }]]
      }),
    ),
    preFlight: null,
    migrate: null,
    schemaVersion: null,
    notes: notesOf(images.get(repositories[0])),
    signed: null,
  }
}

/** With a key in the settings, an image without a valid signature is refused. */
async function verifySigned({ key, registry, rules }: Looking, repository: string, digest: string, ctx: RunContext): Promise<void> {
  if (key === null) return
  // A copy in another registry bears the name of where it was signed: that has to be allowed by name.
  const isAllowed = (signedAs: string): boolean => [repository, ...rules.repositories].some((one) => isSameRepository(one, signedAs))
  await verifyImageSignature({ repository, digest }, await registry.signatures(repository, digest, ctx), key, isAllowed)
}

/** Tags are to stay where they are; one that was moved is told, and nothing is done about it. */
async function movedTags({ registry, family, subject, repositories }: Looking, tags: Tags, ctx: RunContext): Promise<readonly string[]> {
  const notices: string[] = []
  for (const repository of repositories) {
    if (tags.get(repository)?.includes(family.running) !== true) continue
    const known = subject.running.states.flatMap(({ repositoryDigests }) =>
      repositoryDigests
        .filter((one) => isSameRepository(imageTemplate(one).repository, repository))
        .map((one) => imageTemplate(one).digest),
    )
    const now = known.length === 0 ? null : await registry.digest(repository, family.running, ctx)
    if (now !== null && !known.includes(now)) {
      notices.push(`Tag ${family.running} of ${repository}, which runs, names another image now: ${now}.`)
    }
  }
  return notices
}

/** Without what only tags have, where it is a version. */
function runningOf({ running }: ImageFamily, { tagPattern }: UpdateRules): string {
  const version = versionOfTag(running, tagPattern)
  return version === null ? running : plainVersion(version)
}
