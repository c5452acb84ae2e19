import { HoldfastError } from "../../base/errors.ts"
import type { Settings } from "../../settings/settings.ts"
import { SELF } from "./self-app.ts"

/** The app that is named, or all of them. Throws APP_UNKNOWN, naming those that are there. */
export function appNames(settings: Settings, named: string | null): readonly string[] {
  const names = Object.keys(settings.apps)
  if (named === null) return names
  if (names.includes(named) || named === SELF) return [named]
  throw new HoldfastError("APP_UNKNOWN", { what: `there is no app ${named} in the settings`, why: `there is ${listOf(names)}` })
}

/** The app that is named, or the only one. Throws APP_UNKNOWN, and USAGE when there are several and none is named. */
export function oneAppName(settings: Settings, named: string | null): string {
  const names = appNames(settings, named)
  const [only] = names
  if (only !== undefined && names.length === 1) return only
  if (only === undefined) throw new HoldfastError("APP_UNKNOWN", { what: "the settings name no app" })
  throw new HoldfastError("USAGE", { what: `which app? The settings name ${listOf(names)}` })
}

/** The vault that is named, or all of them. Throws VAULT_UNKNOWN, naming those that are there. */
export function vaultNames(settings: Settings, named: string | null): readonly string[] {
  const names = Object.keys(settings.vaults)
  if (named === null) return names
  if (names.includes(named)) return [named]
  throw new HoldfastError("VAULT_UNKNOWN", { what: `there is no vault ${named} in the settings`, why: `there is ${listOf(names)}` })
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ")
}
