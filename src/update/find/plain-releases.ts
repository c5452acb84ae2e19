/** Versions of an app without containers that lie beside the running one already: by whoever puts them there. */
import { lstat, readdir } from "node:fs/promises"
import { basename, join } from "node:path"
import type { InstallRules, UpdateRules } from "../../app/app.ts"
import { HoldfastError, messageOf } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import { formatDuration } from "../../base/units.ts"
import type { FoundReleases, InstallableRelease } from "../../release/installable.ts"
import { selectTag, versionOfTag } from "../../release/tag-selection.ts"
import type { FindSubject } from "./find-tools.ts"
import { directoryDigest, installOf, linkedDirectory, releaseAt } from "../place/plain-install.ts"
import { plainVersion } from "../running.ts"

/** The newest directory that the rules allow. Throws UPDATES_NOT_SET_UP, SOURCE_MISSING, TARGET_NOT_EMPTY. */
export async function findInDirectories({ app }: FindSubject, rules: UpdateRules, ctx: RunContext): Promise<FoundReleases> {
  const install = installOf(app)
  if (install === null) throw new HoldfastError("UPDATES_NOT_SET_UP", { what: `the settings do not say where versions of ${app.name} lie` })
  const running = basename((await linkedDirectory(install)).path)
  const version = versionOfTag(running, rules.tagPattern)
  if (version === null) throw noVersion(install, running)
  const notices: string[] = []
  let left = await directoriesIn(install.releases)
  for (;;) {
    ctx.signal.throwIfAborted()
    const next = selectTag(left, { running, range: rules.versions, tagPattern: rules.tagPattern, prereleases: rules.channel !== "stable" })
    const found = { running: plainVersion(version), lookedAt: ctx.clock.now(), notices }
    if (next === null) return { ...found, hops: [] }
    const young = await tooYoung(install, next.tag, rules, ctx)
    if (young === null) return { ...found, hops: [await releaseIn(install, next.tag, plainVersion(next.version))] }
    notices.push(young)
    left = left.filter((name) => name !== next.tag)
  }
}

function noVersion({ link }: InstallRules, running: string): HoldfastError {
  return new HoldfastError("UPDATES_NOT_SET_UP", {
    what: `${link} leads to ${running}, which is no version`,
    hint: "Name the directories by their versions, or say under `updates.tagPattern` how the version is found in the name.",
  })
}

/** Directories themselves; what is put together under a name with a dot before it is not looked at. */
async function directoriesIn(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")).map(({ name }) => name)
  } catch (thrown) {
    throw new HoldfastError("SOURCE_MISSING", { what: `the directory of versions ${path} cannot be read`, why: messageOf(thrown) })
  }
}

/** By when something was last put into the directory or taken out of it. */
async function tooYoung(
  { releases }: InstallRules,
  name: string,
  { minimumAgeMs }: Pick<UpdateRules, "minimumAgeMs">,
  ctx: RunContext,
): Promise<string | null> {
  const ageMs = ctx.clock.now().getTime() - (await lstat(join(releases, name))).mtimeMs
  if (ageMs >= minimumAgeMs) return null
  return `Directory ${name} is ${formatDuration(Math.max(0, ageMs))} old; it is used when it has been there for ${formatDuration(minimumAgeMs)}.`
}

async function releaseIn(install: InstallRules, name: string, version: string): Promise<InstallableRelease> {
  const path = join(install.releases, name)
  return releaseAt(install, { path, digest: await directoryDigest(path) }, version)
}
