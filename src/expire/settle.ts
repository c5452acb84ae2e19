import { z } from "zod"
import { isHoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { counted } from "../base/units.ts"
import type { Settlement } from "../operation/operation.ts"
import type { OperationRecord } from "../operation/ports.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { ExpireTools } from "./ports.ts"
import { relist } from "./relist.ts"
import { sweepOf } from "./sweep.ts"
import { unlist } from "./unlist.ts"

const unlistDetails = z.object({ points: z.array(z.string()) })

/**
 * Finishes an interrupted expiry: once its ledger entry may have been stored, the points go. Repeatable.
 * An expiry that had not begun to un-list is over without a change.
 */
export async function settleExpire(tools: ExpireTools, vault: OpenVault, operation: OperationRecord, ctx: RunContext): Promise<Settlement> {
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
    return {
      outcome: "succeeded",
      message: `interrupted, then finished: ${counted(removed.length, "point")} removed from ${vault.location.name}`,
    }
  } catch (thrown) {
    if (!isHoldfastError(thrown, "VAULT_DELETE_REFUSED")) throw thrown
    return await settleRelisting(tools, vault, app, ctx)
  }
}

async function settleRelisting(tools: ExpireTools, vault: OpenVault, app: string, ctx: RunContext): Promise<Settlement> {
  const relisted = await relist(tools, vault, app, ctx)
  return {
    outcome: "failed",
    message: `${vault.location.name} refused the removal; ${counted(relisted.length, "point is", "points are")} listed again`,
  }
}

async function finishUnlisting(tools: ExpireTools, vault: OpenVault, operation: OperationRecord, ctx: RunContext): Promise<void> {
  const begun = operation.steps.find((step) => step.name === "unlist")
  if (begun === undefined || begun.state === "done") return
  await unlist(tools, vault, operation.app, unlistDetails.parse(begun.details).points, ctx)
}
