import type { RunContext } from "../base/run-context.ts"
import { listPoints, recordExpiry } from "../recovery-point/recovery-point.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { ExpireTools } from "./ports.ts"

const REASON = "no rule of the retention policy keeps it"

/** The vault's ledger hears of it first, then the store: nobody lists the points any more. Repeating it is harmless. */
export async function unlist(tools: ExpireTools, vault: OpenVault, app: string, ids: readonly string[], ctx: RunContext): Promise<void> {
  const going = new Set(ids)
  const points = (await listPoints(vault, tools.store, app, ctx)).filter((point) => going.has(point.manifest.id))
  await recordExpiry(vault, tools.store, points, REASON, ctx)
}
