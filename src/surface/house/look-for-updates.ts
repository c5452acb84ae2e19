import type { App, UpdateRules } from "../../app/app.ts"
import { isHoldfastError, type HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { FoundReleases } from "../../release/installable.ts"
import type { Settings } from "../../settings/settings.ts"
import { findReleases, updateRules, type FindSubject, type FindTools } from "../../update/find/find-releases.ts"
import { lookAtRunning } from "../../update/running.ts"
import type { OpenVault } from "../../vault/vault.ts"
import { rememberFound, rememberProblem } from "./found-updates.ts"
import type { House } from "./house.ts"
import { declaredApp, lookingContext, openNamedVault } from "./subject.ts"

/** Everything that looking for updates of one app needs. */
export interface UpdateSearch {
  readonly declared: App
  readonly rules: UpdateRules
  readonly subject: FindSubject
  readonly tools: FindTools
  readonly vaults: readonly OpenVault[]
  /** What was not read, and why. */
  readonly notices: readonly string[]
  readonly ctx: RunContext
}

/** Throws UPDATES_NOT_SET_UP, what asking the engine throws, and what opening throws when no vault could be opened that is there. */
export async function openUpdateSearch(house: House, name: string): Promise<UpdateSearch> {
  const { settings, declared } = await declaredApp(house, name)
  const rules = updateRules(declared)
  const ctx = lookingContext(house)
  const { use } = house
  const [store, releases, sources, containers, prober] = await Promise.all([
    use.store(),
    use.releases(),
    use.sources(),
    use.containers(),
    use.prober(),
  ])
  const running = await lookAtRunning({ containers, prober }, declared, ctx)
  const { vaults, notices } = await vaultsOf(house, settings, declared)
  const tools: FindTools = {
    store,
    releases,
    sources,
    registry: async (credentials) => await use.registry(credentials),
    platform: async (context) => await containers.platform(context),
  }
  return { declared, rules, subject: { app: declared, running }, tools, vaults, notices, ctx }
}

/** Looks for updates of one app and keeps what it came to, also a failure. Throws what `findReleases` throws. */
export async function lookForUpdates(house: House, name: string): Promise<FoundReleases> {
  const store = await house.use.store()
  try {
    const { tools, subject, vaults, notices, ctx } = await openUpdateSearch(house, name)
    const found = await findReleases(tools, subject, vaults, ctx)
    const complete = { ...found, notices: [...notices, ...found.notices] }
    await rememberFound(store, name, complete)
    return complete
  } catch (thrown) {
    if (isHoldfastError(thrown) && !house.signal.aborted && thrown.code !== "UPDATES_NOT_SET_UP") {
      await rememberProblem(store, name, thrown.why === undefined ? thrown.message : `${thrown.message}: ${thrown.why}`)
    }
    throw thrown
  }
}

/**
 * The vaults remember the newest release that was seen. One that cannot be reached may know of a newer one than the others: that is told.
 * Where none can be read that is there, nothing is known of what was seen, and nothing is looked for.
 */
async function vaultsOf(
  house: House,
  settings: Settings,
  declared: App,
): Promise<{ readonly vaults: readonly OpenVault[]; readonly notices: readonly string[] }> {
  const vaults: OpenVault[] = []
  const failures: { readonly vault: string; readonly error: HoldfastError }[] = []
  for (const vault of declared.vaults) {
    try {
      vaults.push(await openNamedVault(house, settings, vault, { create: false }))
    } catch (thrown) {
      if (!isHoldfastError(thrown) || house.signal.aborted) throw thrown
      if (thrown.code !== "VAULT_ABSENT") failures.push({ vault, error: thrown })
    }
  }
  const [first] = failures
  if (first !== undefined && vaults.length === 0) throw first.error
  const notices = failures.map(({ vault, error }) => `Vault ${vault} was not read for what was seen before: ${error.message}.`)
  return { vaults, notices }
}
