import { z } from "zod"
import { isHoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Settlement } from "../operation/operation.ts"
import type { OperationRecord } from "../operation/ports.ts"
import { storeExpiry } from "./ledger.ts"
import type { ExpireTools, ExpireVault } from "./ports.ts"
import { relist } from "./relist.ts"
import { sweepOf } from "./sweep.ts"

const unlistDetails = z.object({ points: z.array(z.string()), at: z.iso.datetime() })

/**
 * Finishes an interrupted expiry: once its ledger entry may have been stored, the points go. Repeatable.
 * An expiry that had not begun to un-list is over without a change.
 */
export async function settleExpire(
  tools: ExpireTools,
  vault: ExpireVault,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<Settlement> {
  const { app } = operation
  await vault.backend.unlockDead(vault.location, ctx)
  if (operation.steps.length === 0) return { outcome: "failed", message: "interrupted before anything was removed" }
  if (operation.steps.some((step) => step.name === "relist")) return await settleRelisting(tools, vault, app, ctx)
  await finishUnlisting(tools, vault, operation, ctx)
  const sweep = sweepOf(tools, vault, app, ctx)
  try {
    await sweep.removeManifests()
    await sweep.removeData()
    const removed = await sweep.forget()
    return { outcome: "succeeded", message: `interrupted, then finished: ${removed.length} points removed from ${vault.location.name}` }
  } catch (thrown) {
    if (!isHoldfastError(thrown, "VAULT_DELETE_REFUSED")) throw thrown
    return await settleRelisting(tools, vault, app, ctx)
  }
}

async function settleRelisting(tools: ExpireTools, vault: ExpireVault, app: string, ctx: RunContext): Promise<Settlement> {
  const relisted = await relist(tools, vault, app, ctx)
  return { outcome: "failed", message: `${vault.location.name} refused the removal; ${relisted.length} points are listed again` }
}

async function finishUnlisting(tools: ExpireTools, vault: ExpireVault, operation: OperationRecord, ctx: RunContext): Promise<void> {
  const announced = operation.steps.find((step) => step.name === "announce")
  if (announced === undefined) return
  const { points, at } = unlistDetails.parse(announced.details)
  if (operation.steps.some((step) => step.name === "unlist" && step.state === "done")) return
  const entry = { app: operation.app, points, at: new Date(at), operationId: operation.id }
  if (announced.state !== "done") await storeExpiry(vault, "expired", entry, ctx)
  await tools.store.markExpired(operation.app, vault.location.name, points, entry.at)
}
