import type { App } from "../app/app.ts"
import type { RunContext } from "../base/run-context.ts"
import { listPoints } from "../recovery-point/recovery-point.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { BackupTools } from "./ports.ts"

/**
 * Whether the program that is about to start (`version`) is another one than that of the newest point, so that a migration point is due
 * before it touches the data (C62). A point that was taken before this very version counts: a restart takes no second one.
 */
export async function migrationNeeded(tools: BackupTools, vault: OpenVault, app: App, version: string, ctx: RunContext): Promise<boolean> {
  const newest = (await listPoints(vault, tools.store, app.name, ctx)).at(-1)
  if (newest === undefined) return true
  return newest.manifest.appVersion !== version && newest.manifest.label !== `before ${version}`
}
