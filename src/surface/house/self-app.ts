import { existsSync } from "node:fs"
import { join } from "node:path"
import type { App } from "../../app/app.ts"
import { DEFAULT_KEEP } from "../../settings/resolve.ts"
import type { Settings } from "../../settings/settings.ts"

/** The name that Holdfast's own points have; no app of the settings may have it. */
export const SELF = "holdfast"

const ACCOUNTS_FILE = "accounts.sqlite"
/** What second factors are encrypted with; without it the accounts would come back locked. */
const ACCOUNTS_SECRET = join("keys", "accounts.secret")

/** Users, roles, second factors and the audit log are in this file of the state directory, where there is a panel. */
export function accountsFile(stateDirectory: string): string {
  return join(stateDirectory, ACCOUNTS_FILE)
}

/**
 * Holdfast as an app under its own care: the settings file, the accounts and their secret. The store is not part of it, because
 * everything in it that matters is in the vaults as well; the vaults' keys are in the kit.
 */
export function selfApp(settings: Settings, stateDirectory: string): App {
  const vaults = Object.keys(settings.vaults)
  const accounts = accountsFile(stateDirectory)
  return {
    name: SELF,
    recipe: null,
    compose: null,
    run: null,
    databases: existsSync(accounts) ? [{ engine: "sqlite", name: "accounts", place: { path: accounts } }] : [],
    files: [],
    secrets: [join(stateDirectory, ACCOUNTS_SECRET)].filter((path) => existsSync(path)),
    configuration: settings.file === null ? [] : [settings.file],
    images: "never",
    health: null,
    checks: [],
    hooks: { before: [], after: [] },
    schedules: {
      nightly: {
        cron: "30 2 * * *",
        timezone: "UTC",
        vault: vaults[0] ?? "",
        copies: vaults.slice(1),
        keep: DEFAULT_KEEP,
        enabled: true,
        cold: false,
        only: null,
        onChange: false,
      },
    },
    drills: {},
    objectives: { exposureMs: null, recoveryTimeMs: null },
    thresholds: { collapseRatio: 0, collapseFloor: 20 },
    vaults,
  }
}
