import { isHoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { VaultLocation } from "../../vault/ports.ts"
import { openVault } from "../../vault/vault.ts"
import { fromError, ok, trouble, type Finding } from "../finding.ts"
import type { QuietTools, Subject } from "../ports.ts"

/** Each vault answers, its key opens it, and it is the one that was pinned. */
export async function checkVaults(tools: QuietTools, subject: Subject, ctx: RunContext): Promise<readonly Finding[]> {
  return await Promise.all(subject.vaults.map(async (location) => await vaultFinding(tools, location, ctx)))
}

async function vaultFinding(tools: QuietTools, location: VaultLocation, ctx: RunContext): Promise<Finding> {
  try {
    const pinned = await tools.store.value(`vault-id:${location.name}`)
    if (pinned === null) return await unusedFinding(tools, location, ctx)
    const vault = await openVault(tools, location, { create: false }, ctx)
    return ok("vault", location.name, `its key opens it, its id is the pinned one (${vault.vaultId.slice(0, 8)})`)
  } catch (thrown) {
    return fromError("vault", location.name, thrown)
  }
}

/** Looking must not pin: a vault that this store has never used is opened without being remembered. */
async function unusedFinding(tools: QuietTools, location: VaultLocation, ctx: RunContext): Promise<Finding> {
  try {
    await tools.backend.open(location, ctx)
  } catch (thrown) {
    if (!isHoldfastError(thrown, "VAULT_ABSENT") && !isHoldfastError(thrown, "VAULT_KEY_MISSING")) throw thrown
    return trouble("warn", "vault", location.name, "it was never written to", "Run `holdfast backup`; the first one makes it.")
  }
  return trouble("warn", "vault", location.name, "it is there, and this store has not used it yet", "Run `holdfast points` to read it.")
}
