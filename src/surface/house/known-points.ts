import { isHoldfastError, messageOf } from "../../base/errors.ts"
import type { Settings } from "../../settings/settings.ts"
import type { House } from "./house.ts"
import { lookingContext, openNamedVault } from "./subject.ts"

/**
 * A listing is made from the store's index. Where the store has never read a vault (it is new, or it was lost), the vault is read
 * first; one that was never written to holds nothing, one that cannot be reached is said and left out.
 */
export async function knowPoints(house: House, settings: Settings, apps: readonly string[], vaults: readonly string[]): Promise<void> {
  const store = await house.use.store()
  for (const vault of vaults) {
    const known = await Promise.all(apps.map(async (app) => (await store.value(`synced:${vault}:${app}`)) !== null))
    const unknown = apps.filter((_app, index) => known[index] === false)
    if (unknown.length > 0) await readVault(house, settings, unknown, vault)
  }
}

async function readVault(house: House, settings: Settings, apps: readonly string[], name: string): Promise<void> {
  try {
    const vault = await openNamedVault(house, settings, name, { create: false })
    const { listPoints } = await import("../../recovery-point/recovery-point.ts")
    for (const app of apps) await listPoints(vault, await house.use.store(), app, lookingContext(house))
  } catch (thrown) {
    if (isHoldfastError(thrown, "VAULT_ABSENT")) return
    if (!isHoldfastError(thrown) || house.signal.aborted) throw thrown
    house.progress.warn(`vault ${name} was not read: ${messageOf(thrown)}${thrown.why === undefined ? "" : ` (${thrown.why})`}`)
  }
}
