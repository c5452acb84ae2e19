/** What of a git repository follows the commit that runs: the newest tag that is a version, or the tip of a branch. */
import type { App, UpdateRules } from "../../app/app.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import { counted } from "../../base/units.ts"
import type { Commit, SourceCopy } from "../../release/git-ports.ts"
import { selectTag, versionOfTag } from "../../release/tag-selection.ts"
import { compareVersions } from "../../release/version.ts"
import { plainVersion } from "../running.ts"

/** More are counted, not listed. */
const MOST_COMMITS = 50
/** Where a project tells what a version brings; the first that is there counts. */
const CHANGELOGS = ["CHANGELOG.md", "CHANGELOG", "CHANGES.md", "CHANGES", "NEWS.md", "HISTORY.md", "docs/CHANGELOG.md"]
/** What follows where no tag of the running history is a version. */
const BEFORE_ALL = "0.0.0"

/** What runs. */
export interface Here {
  /** Where its sources lie, or what was made of them. */
  readonly root: string
  readonly head: string
}

export interface Following {
  /** What the running commit is called. */
  readonly version: string
  /** Null: nothing newer. */
  readonly next: { readonly commit: string; readonly tag: string | null; readonly version: string; readonly notes: string } | null
}

/** Throws CHECKOUT_REFUSED for what the repository does not know or whose branch was rewritten, RELEASE_UNKNOWN, RELEASE_SIGNATURE_*. */
export async function followGit(copy: SourceCopy, rules: UpdateRules, here: Here, ctx: RunContext): Promise<Following> {
  await refuseUnknownHead(copy, here, ctx)
  const { head } = here
  const tag = rules.branch === null ? await runningTag(copy, rules, head, ctx) : null
  const version = nameOf(rules, tag, head)
  const next = rules.branch === null ? await nextTag(copy, rules, tag, ctx) : { commit: (await copy.tip(rules.branch, ctx)).id, tag: null }
  if (next === null || next.commit === head) return { version, next: null }
  if (rules.branch !== null) await refuseRewritten(copy, here, rules.branch, next.commit, ctx)
  if (rules.keyFile !== null) await copy.requireSigned(next.tag === null ? { commit: next.commit } : { tag: next.tag }, rules.keyFile, ctx)
  const notes = await notesOf(copy, head, next.commit, ctx)
  return { version, next: { ...next, version: nameOf(rules, next.tag, next.commit), notes } }
}

/** Throws UPDATES_NOT_SET_UP where a variable that should hold it is not there. */
export function repositoryAddress({ name }: App, { url }: UpdateRules): string {
  if (url !== null && !url.startsWith("env:")) return url
  throw new HoldfastError("UPDATES_NOT_SET_UP", {
    what: `the address of the git repository of ${name} is not set`,
    ...(url === null ? {} : { why: `${url} is not there` }),
  })
}

async function refuseUnknownHead(copy: SourceCopy, { root, head }: Here, ctx: RunContext): Promise<void> {
  if (await copy.has(head, ctx)) return
  throw new HoldfastError("CHECKOUT_REFUSED", {
    what: `commit ${head.slice(0, 12)} of ${root} is not in the git repository that updates come from`,
    why: "it was made here, or its history was rewritten there",
    hint: `Nothing was changed. Move ${root} to a commit of the repository by hand, if what was made here is not needed.`,
  })
}

async function refuseRewritten(copy: SourceCopy, { root, head }: Here, branch: string, tip: string, ctx: RunContext): Promise<void> {
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

async function notesOf(copy: SourceCopy, from: string, to: string, ctx: RunContext): Promise<string> {
  const { count, newest } = await copy.between(from, to, MOST_COMMITS, ctx)
  const more = count > newest.length ? [`… and ${count - newest.length} before these`] : []
  const commits = [`${counted(count, "commit")}:`, ...newest.map(commitLine), ...more]
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
