/** Where versions of an app without containers lie, and which of them its link leads to. */
import { createHash } from "node:crypto"
import { dirname, isAbsolute, join, relative, resolve } from "node:path"
import type { App, InstallRules } from "../../app/app.ts"
import type { PinPlan } from "../../app/compose/pin-images.ts"
import { unifiedDifference } from "../../app/compose/unified-difference.ts"
import { excludesOf } from "../../app/tree/exclude.ts"
import { isDirectory } from "../../app/tree/swap-steps.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { InstallableRelease, ReleaseDirectory } from "../../release/installable.ts"
import { linkText, type LinkSwap } from "../../restore/link-swap.ts"
import { walkTree } from "../tree/state.ts"

/** Null for an app that is a compose project, and for one whose settings do not say. */
export function installOf(app: Pick<App, "compose" | "updates">): InstallRules | null {
  return app.compose === null ? (app.updates?.install ?? null) : null
}

/**
 * What is written in the link, and the directory that it means. Throws SOURCE_MISSING where there is none, TARGET_NOT_EMPTY for something
 * that is no link.
 */
export async function linkedDirectory({ link }: Pick<InstallRules, "link">): Promise<{ readonly text: string; readonly path: string }> {
  const text = await linkText(link)
  if (text === null) {
    throw new HoldfastError("SOURCE_MISSING", {
      what: `there is no link ${link}, through which the program would be started`,
      hint: "Let it lead to the directory of the version that runs.",
    })
  }
  return { text, path: resolve(dirname(link), text) }
}

/** A version that lies in a directory, with the commands that the settings name. */
export function releaseAt(install: InstallRules, directory: ReleaseDirectory, version: string): InstallableRelease {
  const command = (argv: InstallRules["migrate"]) => (argv === null ? null : { service: "", argv })
  return {
    version,
    foundIn: "directories",
    directory,
    images: {},
    preFlight: command(install.preFlight),
    migrate: command(install.migrate),
    schemaVersion: null,
    notes: "",
    signed: null,
  }
}

/** `sha256:…` over what is in a directory: two looks that agree saw the same version, as far as names, sizes and times can tell. */
export async function directoryDigest(path: string): Promise<string> {
  if (!(await isDirectory(path))) throw new HoldfastError("SOURCE_MISSING", { what: `there is no directory ${path}` })
  const hash = createHash("sha256")
  for (const entry of walkTree(path, excludesOf([])))
    if (entry.kind !== "directory") hash.update(`${entry.path}\0${entry.kind}\0${entry.mode}\0${entry.sizeBytes}\0${entry.modifiedNs}\n`)
  return `sha256:${hash.digest("hex")}`
}

/** Throws PLAN_STALE where the directory is not as it was when it was found. */
export async function requireSameDirectory({ path, digest }: ReleaseDirectory): Promise<void> {
  if ((await directoryDigest(path)) === digest) return
  throw new HoldfastError("PLAN_STALE", {
    what: `${path} was changed since the update was planned`,
    hint: "Put a version together under another name and rename it when it is complete; then plan the update again.",
  })
}

/** The directory of the version. Throws UPDATES_NOT_SET_UP for a release that has none: it is not for this app. */
export function directoryOf({ directory, version }: Pick<InstallableRelease, "directory" | "version">): ReleaseDirectory {
  if (directory !== undefined) return directory
  throw new HoldfastError("UPDATES_NOT_SET_UP", { what: `${version} has no directory, so no link can be led to it` })
}

/** Written as it was: a link that was relative stays so. */
export async function planLink(install: InstallRules, release: InstallableRelease, operationId: string): Promise<LinkSwap> {
  const { path } = directoryOf(release)
  const { text } = await linkedDirectory(install)
  const home = dirname(install.link)
  const to = isAbsolute(text) ? path : relative(home, path)
  return { live: install.link, staged: join(home, `.holdfast-link-${operationId}`), from: text, to }
}

/** What going back leads to has to be there. Throws SOURCE_MISSING where somebody removed the version before. */
export async function requireVersionBefore({ live, from }: LinkSwap): Promise<void> {
  const path = resolve(dirname(live), from)
  if (await isDirectory(path)) return
  throw new HoldfastError("SOURCE_MISSING", {
    what: `${path}, the directory of the version before, is not there`,
    hint: "Nothing was changed. Put it back where it was, then run the command again.",
  })
}

/** The exchange as a plan shows it. */
export async function linkEdits(install: InstallRules, release: InstallableRelease): Promise<PinPlan> {
  const { live, from, to } = await planLink(install, release, "plan")
  if (from === to) return { edits: [], tags: [] }
  return { edits: [{ path: live, before: from, after: to, diff: unifiedDifference(live, `${from}\n`, `${to}\n`) }], tags: [] }
}
