/** Newer commits or tags of the git repository that an app is built from, as one release. */
import type { App, UpdateRules } from "../app/app.ts"
import type { ComposeModel } from "../app/ports.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Checkout, SourceTools } from "../release/checkout-ports.ts"
import type { Commit, SourceCopy } from "../release/git-ports.ts"
import type { FoundReleases, InstallableRelease, ReleaseImage } from "../release/installable.ts"
import { selectTag, versionOfTag } from "../release/tag-selection.ts"
import { compareVersions } from "../release/version.ts"
import type { FindSubject, FindTools } from "./find-tools.ts"
import { BUILT_FROM } from "./pull-images.ts"
import { plainVersion } from "./running.ts"

/** More are counted, not listed. */
const MOST_COMMITS = 50
/** Where a project tells what a version brings; the first that is there counts. */
const CHANGELOGS = ["CHANGELOG.md", "CHANGELOG", "CHANGES.md", "CHANGES", "NEWS.md", "HISTORY.md", "docs/CHANGELOG.md"]
/** What follows where no tag of the running history is a version. */
const BEFORE_ALL = "0.0.0"

/** Where an app's sources are checked out. Throws UPDATES_NOT_SET_UP for an app that is not built from a git checkout. */
export async function checkoutOf(sources: SourceTools, app: Pick<App, "name" | "compose">, ctx: RunContext): Promise<Checkout> {
  const { compose } = app
  const found = compose === null ? null : await sources.checkouts.look(compose.projectDirectory, ctx)
  if (found !== null) return found
  throw new HoldfastError("UPDATES_NOT_SET_UP", {
    what: `${app.name} cannot be updated from a git repository`,
    why: compose === null ? "it is no compose project" : `${compose.projectDirectory} does not lie in a git checkout`,
    hint: "Clone the repository and let `compose` be the file in the clone, or follow another source.",
  })
}

/** Throws UPDATES_NOT_SET_UP, CHECKOUT_REFUSED, RELEASE_SOURCE_*, RELEASE_UNKNOWN, RELEASE_SIGNATURE_*. */
export async function findInGit(
  tools: Pick<FindTools, "sources">,
  subject: FindSubject,
  rules: UpdateRules,
  ctx: RunContext,
): Promise<FoundReleases> {
  const { app, running } = subject
  const checkout = await checkoutOf(tools.sources, app, ctx)
  const images = builtServices(app, running.model)
  const copy = await tools.sources.repositories.fetch(app.name, addressOf(app, rules), ctx)
  await refuseUnknownHead(copy, checkout, ctx)
  const here = rules.branch === null ? await runningTag(copy, rules, checkout.head, ctx) : null
  const runs = nameOf(rules, here, checkout.head)
  const nothing = { running: runs, hops: [], lookedAt: ctx.clock.now(), notices: noticesOf(checkout) }
  const next = rules.branch === null ? await nextTag(copy, rules, here, ctx) : { commit: (await copy.tip(rules.branch, ctx)).id, tag: null }
  if (next === null || next.commit === checkout.head) return nothing
  if (rules.branch !== null) await refuseRewritten(copy, checkout, rules.branch, next.commit, ctx)
  if (rules.keyFile !== null) await copy.requireSigned(next.tag === null ? { commit: next.commit } : { tag: next.tag }, rules.keyFile, ctx)
  const release: InstallableRelease = {
    version: nameOf(rules, next.tag, next.commit),
    foundIn: "git",
    built: { root: checkout.root, from: checkout.head, to: next.commit },
    images: Object.fromEntries(images.map((service) => [service.name, imageOf(running.model.projectName, service.builder, next.commit)])),
    preFlight: null,
    migrate: null,
    schemaVersion: null,
    notes: await notesOf(copy, checkout.head, next.commit, ctx),
    signed: null,
  }
  return { ...nothing, hops: [release] }
}

function addressOf({ name }: App, { url }: UpdateRules): string {
  if (url !== null && !url.startsWith("env:")) return url
  throw new HoldfastError("UPDATES_NOT_SET_UP", {
    what: `the address of the git repository of ${name} is not set`,
    ...(url === null ? {} : { why: `${url} is not there` }),
  })
}

interface BuiltService {
  readonly name: string
  /** The service whose `build:` makes its image; often itself. */
  readonly builder: string
}

/** The name that compose gives an image. */
export function composeImage(
  model: Pick<ComposeModel, "projectName">,
  service: Pick<ComposeModel["services"][number], "name" | "image">,
): string {
  return service.image ?? `${model.projectName}-${service.name}`
}

/** Services that are built here, and those that run an image which another one builds. Throws UPDATES_NOT_SET_UP where there is none. */
function builtServices(app: App, model: ComposeModel): readonly BuiltService[] {
  const builders = new Map(model.services.filter(({ builds }) => builds).map((service) => [composeImage(model, service), service.name]))
  const built = model.services.flatMap((service): readonly BuiltService[] => {
    const builder = service.builds ? service.name : builders.get(composeImage(model, service))
    return builder === undefined ? [] : [{ name: service.name, builder }]
  })
  if (built.length > 0) return built
  throw new HoldfastError("UPDATES_NOT_SET_UP", {
    what: `no service of ${app.name} is built here`,
    why: "there is no `build:` in its compose files",
    hint: "Let `updates.source` be `manifest` or `registry`.",
  })
}

/** A name of ours, so that no clean-up takes the image away and it says what it was built from. */
function imageOf(project: string, builder: string, commit: string): ReleaseImage {
  return { repository: builtRepository(project, builder), digest: `${BUILT_FROM}${commit}`, tag: commit.slice(0, 12) }
}

function builtRepository(project: string, builder: string): string {
  return `holdfast-built/${`${project}-${builder}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")}`
}

async function refuseUnknownHead(copy: SourceCopy, { root, head }: Checkout, ctx: RunContext): Promise<void> {
  if (await copy.has(head, ctx)) return
  throw new HoldfastError("CHECKOUT_REFUSED", {
    what: `commit ${head.slice(0, 12)} of ${root} is not in the git repository that updates come from`,
    why: "it was made here, or its history was rewritten there",
    hint: `Nothing was changed. Move ${root} to a commit of the repository by hand, if what was made here is not needed.`,
  })
}

async function refuseRewritten(copy: SourceCopy, { root, head }: Checkout, branch: string, tip: string, ctx: RunContext): Promise<void> {
  if (await copy.isAncestor(head, tip, ctx)) return
  if (await copy.isAncestor(tip, head, ctx)) throw new HoldfastError("CHECKOUT_REFUSED", { what: `${root} is ahead of branch ${branch}` })
  throw new HoldfastError("CHECKOUT_REFUSED", {
    what: `branch ${branch} does not go on from commit ${head.slice(0, 12)} of ${root}`,
    why: "its history was rewritten, or the checkout follows another branch",
    hint: `Nothing was changed. Ask the vendor; when it is as it should be, move ${root} to the branch by hand.`,
  })
}

/** The highest version among the tags that the running history has; null where none of them is a version. */
async function runningTag(copy: SourceCopy, rules: UpdateRules, head: string, ctx: RunContext): Promise<string | null> {
  const versions = (await copy.tags(ctx, head)).flatMap(({ name }) => {
    const version = versionOfTag(name, rules.tagPattern)
    return version === null ? [] : [{ name, version }]
  })
  return versions.toSorted((left, right) => compareVersions(right.version, left.version))[0]?.name ?? null
}

async function nextTag(
  copy: SourceCopy,
  { versions, tagPattern, channel }: UpdateRules,
  running: string | null,
  ctx: RunContext,
): Promise<{ readonly commit: string; readonly tag: string } | null> {
  const tags = await copy.tags(ctx)
  const selected = selectTag(
    tags.map(({ name }) => name),
    { running: running ?? BEFORE_ALL, range: versions, tagPattern, prereleases: channel !== "stable" },
  )
  const found = tags.find(({ name }) => name === selected?.tag)
  return found === undefined ? null : { commit: found.commit, tag: found.name }
}

/** A tag is a version; a commit of a branch has none, and is called by both. */
function nameOf({ branch, tagPattern }: UpdateRules, tag: string | null, commit: string): string {
  const version = tag === null ? null : versionOfTag(tag, tagPattern)
  return version === null ? `${branch ?? "commit"}@${commit.slice(0, 12)}` : plainVersion(version)
}

function noticesOf({ root, changed }: Checkout): readonly string[] {
  return changed.length === 0
    ? []
    : [`${changed.length} tracked files of ${root} were changed here; an update is refused until they are not.`]
}

async function notesOf(copy: SourceCopy, from: string, to: string, ctx: RunContext): Promise<string> {
  const { count, newest } = await copy.between(from, to, MOST_COMMITS, ctx)
  const more = count > newest.length ? [`… and ${count - newest.length} before these`] : []
  const commits = [`${count === 1 ? "1 commit" : `${count} commits`}:`, ...newest.map(commitLine), ...more]
  return [...(await changelogOf(copy, from, to, ctx)), ...commits].join("\n")
}

function commitLine({ id, subject, author, authoredAt }: Commit): string {
  const day = Number.isNaN(authoredAt.getTime()) ? "" : ` ${authoredAt.toISOString().slice(0, 10)}`
  return `${id.slice(0, 12)}${day} ${author}: ${subject}`
}

/** The lines that were added to it. */
async function changelogOf(copy: SourceCopy, from: string, to: string, ctx: RunContext): Promise<readonly string[]> {
  for (const path of CHANGELOGS) {
    const after = await copy.fileAt(to, path, ctx)
    if (after === null) continue
    const before = new Set((await copy.fileAt(from, path, ctx))?.split("\n"))
    const added = after.split("\n").filter((line) => line.trim() !== "" && !before.has(line))
    return added.length === 0 ? [] : [...added, ""]
  }
  return []
}
