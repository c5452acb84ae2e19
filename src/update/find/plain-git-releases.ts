/** Newer commits or tags of the git repository that a program without containers is made from; each is built into a directory of its own. */
import { basename, join } from "node:path"
import type { UpdateRules } from "../../app/app.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { SourceCopy } from "../../release/git-ports.ts"
import type { FoundReleases } from "../../release/installable.ts"
import { versionOfTag } from "../../release/tag-selection.ts"
import { compareVersions } from "../../release/version.ts"
import { builtFrom, fromCommit } from "../place/build-directory.ts"
import type { FindSubject, FindTools } from "./find-tools.ts"
import { followGit, repositoryAddress } from "./git-next.ts"
import { installOf, linkedDirectory, releaseAt } from "../place/plain-install.ts"

/** Throws UPDATES_NOT_SET_UP, SOURCE_MISSING, TARGET_NOT_EMPTY, CHECKOUT_REFUSED, RELEASE_SOURCE_*, RELEASE_UNKNOWN, RELEASE_SIGNATURE_*. */
export async function findBuilds(
  tools: Pick<FindTools, "sources">,
  { app }: FindSubject,
  rules: UpdateRules,
  ctx: RunContext,
): Promise<FoundReleases> {
  const install = installOf(app)
  if (install === null) throw new HoldfastError("UPDATES_NOT_SET_UP", { what: `the settings do not say where versions of ${app.name} lie` })
  const { path } = await linkedDirectory(install)
  const copy = await tools.sources.repositories.fetch(app.name, repositoryAddress(app, rules), ctx)
  const head = await commitOf(copy, path, rules, ctx)
  const { version, next } = await followGit(copy, rules, { root: path, head }, ctx)
  const found = { running: version, lookedAt: ctx.clock.now(), notices: [] }
  if (next === null) return { ...found, hops: [] }
  const directory = { path: join(install.releases, directoryName(next)), digest: fromCommit(next.commit) }
  return { ...found, hops: [{ ...releaseAt(install, directory, next.version), foundIn: "git", notes: next.notes }] }
}

/** A tag may have a directory in it, which the name of one cannot. */
function directoryName({ tag, commit }: { readonly tag: string | null; readonly commit: string }): string {
  return (tag ?? commit.slice(0, 12)).replaceAll("/", "-")
}

/** What Holdfast built says so itself; the first version, which somebody put there, is known by the tag that it is named by. */
async function commitOf(copy: SourceCopy, path: string, { tagPattern }: UpdateRules, ctx: RunContext): Promise<string> {
  const built = await builtFrom(path)
  if (built !== null) return built
  const version = versionOfTag(basename(path), tagPattern)
  const tag = (await copy.tags(ctx)).find(({ name }) => {
    const other = versionOfTag(name, tagPattern)
    return version !== null && other !== null && compareVersions(other, version) === 0
  })
  if (tag !== undefined) return tag.commit
  throw new HoldfastError("CHECKOUT_REFUSED", {
    what: `nothing tells which commit ${path} was made from`,
    why: "it was not built by Holdfast, and its name is none of the repository's tags",
    hint: `Write the whole id of its commit into ${join(path, ".holdfast-commit")}, or let the link lead to a directory that is named by its tag.`,
  })
}
