import type { RunContext } from "../base/run-context.ts"
import type { Store } from "../operation/ports.ts"
import { unsealedLeftovers, type Leftover } from "../recovery-point/recovery-point.ts"
import type { OpenVault } from "../vault/vault.ts"

const DAY_MS = 86_400_000

/** Parts of runs that never sealed their point; those younger than a day may belong to a run on another host. */
export async function oldLeftovers(store: Store, vault: OpenVault, app: string, ctx: RunContext): Promise<readonly Leftover[]> {
  const before = ctx.clock.now().getTime() - DAY_MS
  return (await unsealedLeftovers(vault, store, app, ctx)).filter((leftover) => leftover.newest.getTime() < before)
}
