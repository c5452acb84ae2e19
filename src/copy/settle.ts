import { z } from "zod"
import { HoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Settlement } from "../operation/operation.ts"
import type { OperationRecord } from "../operation/ports.ts"
import { announceCopy, syncPoints } from "../recovery-point/recovery-point.ts"
import type { OpenVault } from "../vault/vault.ts"
import { brokenPromises } from "./announcer.ts"
import type { CopyTools } from "./ports.ts"

/**
 * Ends an interrupted copy: what has arrived whole is listed, of the rest the target's ledger says that it did not come. Nothing of
 * the app depends on it and the next copy catches up, so a vault that cannot be reached now does not hold up anything else.
 * @param open opens the target; it may throw
 */
export async function settleCopy(
  tools: CopyTools,
  open: () => Promise<OpenVault>,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<Settlement> {
  if (operation.steps.length === 0) return { outcome: "failed", message: "interrupted before anything was copied" }
  try {
    const vault = await open()
    await vault.backend.unlockDead(vault.location, ctx)
    await syncPoints(vault, tools.store, operation.app, ctx)
    const absent = await brokenPromises(vault, operation.app, touched(operation), ctx)
    await announceCopy(vault, operation.app, { points: [], absent }, ctx)
    return { outcome: "failed", message: `interrupted; vault ${vault.location.name} is as it should be, and the next copy brings the rest` }
  } catch (thrown) {
    if (ctx.signal.aborted || !(thrown instanceof HoldfastError)) throw thrown
    return {
      outcome: "failed",
      message: `interrupted, and the target could not be looked at (${messageOf(thrown)}); the next copy catches up`,
    }
  }
}

const stepDetails = z.object({ points: z.array(z.string()) })

/** Points that the run had begun with. */
function touched(operation: OperationRecord): ReadonlySet<string> {
  return new Set(operation.steps.flatMap((step) => stepDetails.safeParse(step.details).data?.points ?? []))
}
