import type { RunContext } from "../base/run-context.ts"
import type { Journal } from "../operation/journal.ts"
import { storeExpiry } from "./ledger.ts"
import type { ExpireTools, ExpireVault } from "./ports.ts"
import type { ExpireSteps } from "./steps.ts"

/** The vault hears of it first: if only the store knew, losing the store would make expired points look stolen. */
export async function unlist(
  tools: ExpireTools,
  vault: ExpireVault,
  app: string,
  points: readonly string[],
  journal: Journal<ExpireSteps>,
  ctx: RunContext,
): Promise<void> {
  const at = ctx.clock.now()
  const details = { app, vault: vault.location.name, points: [...points], at: at.toISOString() }
  const entry = { app, points, at, operationId: ctx.operationId }
  await journal.step("announce", details, async () => await storeExpiry(vault, "expired", entry, ctx))
  await journal.step("unlist", details, async () => await tools.store.markExpired(app, vault.location.name, points, at))
}
