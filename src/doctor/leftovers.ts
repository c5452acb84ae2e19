import type { App } from "../app/app.ts"
import { isHoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { oldLeftovers } from "../expire/leftovers.ts"
import type { OperationTools } from "../operation/operation.ts"
import type { Leftover } from "../recovery-point/recovery-point.ts"
import type { VaultBackend, VaultLocation } from "../vault/ports.ts"
import { openVault, type OpenVault } from "../vault/vault.ts"

export interface VaultLeftovers {
  readonly vault: OpenVault
  readonly leftovers: readonly Leftover[]
}

/** Old unsealed leftovers of an app by vault. A vault that does not answer is told by its own check. */
export async function leftoversIn(
  tools: OperationTools & { readonly backend: VaultBackend },
  vaults: readonly VaultLocation[],
  app: App,
  ctx: RunContext,
): Promise<readonly VaultLeftovers[]> {
  const found: VaultLeftovers[] = []
  for (const location of vaults.filter((vault) => app.vaults.includes(vault.name))) {
    if ((await tools.store.value(`vault-id:${location.name}`)) === null) continue
    try {
      const vault = await openVault(tools, location, { create: false }, ctx)
      const leftovers = await oldLeftovers(tools.store, vault, app.name, ctx)
      if (leftovers.length > 0) found.push({ vault, leftovers })
    } catch (thrown) {
      if (!isHoldfastError(thrown)) throw thrown
      ctx.log.debug("leftovers not examined", { vault: location.name, code: thrown.code })
    }
  }
  return found
}
