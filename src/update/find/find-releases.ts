import type { RunContext } from "../../base/run-context.ts"
import type { FoundReleases } from "../../release/installable.ts"
import type { OpenVault } from "../../vault/vault.ts"
import { updateRules, type FindSubject, type FindTools } from "./find-tools.ts"
import { findInGit } from "./git-releases.ts"
import { findBuilds } from "./plain-git-releases.ts"
import { findInDirectories } from "./plain-releases.ts"
import { findInRegistry } from "./registry-releases.ts"
import { findSigned } from "./signed-releases.ts"

export { updateRules, type FindSubject, type FindTools } from "./find-tools.ts"

/**
 * Looks where the settings say for what is newer than what runs, and trusts nothing that breaks a rule: then it throws, and says what.
 * What was trusted is remembered in the vaults, so that nothing older is offered again, whatever becomes of the store.
 * @param vaults those of the app that could be opened; their marks are read first
 * @throws UPDATES_NOT_SET_UP, CHECKOUT_REFUSED, RELEASE_*, REGISTRY_*, IMAGE_TAG_MISSING, IMAGE_PLATFORM_MISSING, and what reading the vaults' ledgers throws
 */
export async function findReleases(
  tools: FindTools,
  subject: FindSubject,
  vaults: readonly OpenVault[],
  ctx: RunContext,
): Promise<FoundReleases> {
  const rules = updateRules(subject.app)
  if (rules.source === "manifest") return await findSigned(tools, subject, rules, vaults, ctx)
  if (rules.source === "directories") return await findInDirectories(subject, rules, ctx)
  if (rules.source === "registry") return await findInRegistry(tools, subject, rules, vaults, ctx)
  return await (subject.app.compose === null ? findBuilds : findInGit)(tools, subject, rules, ctx)
}
