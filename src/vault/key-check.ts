import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Pins } from "./pins.ts"
import type { VaultLocation } from "./ports.ts"
import { openVault, type VaultTools } from "./vault.ts"

/**
 * Opens the vault with its key, even where its looks say that it is the same as before, and records that it opened.
 * Throws what `openVault` throws: VAULT_WRONG_KEY, VAULT_KEY_MISSING, VAULT_ABSENT, VAULT_UNREACHABLE, VAULT_NOT_MOUNTED, VAULT_REPLACED.
 */
export async function keyCheck(tools: VaultTools, location: VaultLocation, ctx: RunContext): Promise<Date> {
  const { vaultId } = await openVault(tools, location, { create: false }, ctx)
  const answered = (await tools.backend.open(location, ctx)).vaultId
  if (answered !== vaultId) {
    throw new HoldfastError("VAULT_REPLACED", {
      what: `vault ${location.name} is not the one that was pinned`,
      why: `${answered} answered, ${vaultId} was pinned`,
      details: { pinned: vaultId, answered },
    })
  }
  const at = ctx.clock.now()
  await tools.store.setValue(keyProvenName(location.name), at.toISOString())
  return at
}

/** When the vault last opened with its key in a check; null when that was never checked. */
export async function keyProvenAt(store: Pins, vault: string): Promise<Date | null> {
  const value = await store.value(keyProvenName(vault))
  return value === null ? null : new Date(value)
}

function keyProvenName(vault: string): string {
  return `key-proven:${vault}`
}
