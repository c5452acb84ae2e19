/** Lets recovery points go by policy: planned and shown, un-listed durably, then removed and confirmed by listing (design §8). */
import { HoldfastError, isHoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { counted } from "../base/units.ts"
import type { Journal } from "../operation/journal.ts"
import type { OperationEnd } from "../operation/operation.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import { goingPoints, isIdle, planExpire, planToJson, type ExpirePlan } from "./plan.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { ExpireTools } from "./ports.ts"
import { relist } from "./relist.ts"
import { expireSteps, type ExpireSteps } from "./steps.ts"
import { sweepOf } from "./sweep.ts"
import { unlist } from "./unlist.ts"

export { goingPoints, isIdle, planExpire, planToJson, type ExpireOptions, type ExpirePlan, type PlannedPoint } from "./plan.ts"
export { policyFor, type VaultPolicy } from "./policy-for.ts"
export { settleExpire } from "./settle.ts"
export type { ExpireTools } from "./ports.ts"

export interface ExpireReport {
  readonly vault: string
  /** Points whose data is gone, confirmed by listing; those of interrupted earlier runs included. */
  readonly removed: readonly string[]
}

/**
 * Does what the plan says, under the app's lease.
 * Throws PLAN_STALE when points, proofs or pins changed since; VAULT_DELETE_REFUSED when the vault kept its items, and
 * then the points that are still whole are listed again.
 */
export async function applyExpire(
  tools: ExpireTools,
  vault: OpenVault,
  plan: ExpirePlan,
  command: string,
  base: ContextBase,
): Promise<ExpireReport> {
  const request = { kind: "expire" as const, app: plan.app.name, steps: expireSteps, plan: planToJson(plan), command }
  const end = await runOperation(tools, request, base, async (journal, ctx) => await expire(tools, vault, plan, journal, ctx))
  return end.result
}

async function expire(
  tools: ExpireTools,
  vault: OpenVault,
  plan: ExpirePlan,
  journal: Journal<ExpireSteps>,
  ctx: RunContext,
): Promise<OperationEnd<ExpireReport>> {
  await refuseStale(tools, vault, plan, ctx)
  const app = plan.app.name
  const points = goingPoints(plan)
  if (points.length > 0) {
    const details = { app, vault: vault.location.name, points: [...points] }
    await journal.step("unlist", details, async () => await unlist(tools, vault, app, points, ctx))
  }
  const removed = isIdle(plan) ? [] : await removeOrRelist(tools, vault, app, journal, ctx)
  return { outcome: "succeeded", result: { vault: plan.vault, removed }, record: { vault: plan.vault, removed: [...removed] } }
}

/** Under the lease nobody else changes points; whatever changed before it was taken shows here. */
async function refuseStale(tools: ExpireTools, vault: OpenVault, plan: ExpirePlan, ctx: RunContext): Promise<void> {
  const now = await planExpire(tools, plan.app, vault, plan.options, ctx)
  const same = now.generation === plan.generation && goingPoints(now).join() === goingPoints(plan).join()
  if (plan.vault === vault.location.name && same) return
  throw new HoldfastError("PLAN_STALE", { what: `the points of ${plan.app.name} in ${plan.vault} are not those of the plan any more` })
}

async function removeOrRelist(
  tools: ExpireTools,
  vault: OpenVault,
  app: string,
  journal: Journal<ExpireSteps>,
  ctx: RunContext,
): Promise<readonly string[]> {
  const sweep = sweepOf(tools, vault, app, ctx)
  try {
    await journal.step("remove-manifests", { app, vault: vault.location.name }, sweep.removeManifests)
    await journal.step("remove-data", { app, vault: vault.location.name }, sweep.removeData)
    return await journal.step("forget", { app, vault: vault.location.name }, sweep.forget, (ids) => [...ids])
  } catch (thrown) {
    if (!isHoldfastError(thrown, "VAULT_DELETE_REFUSED")) throw thrown
    const relisted = await journal.step("relist", { app, vault: vault.location.name }, async () => await relist(tools, vault, app, ctx))
    throw new HoldfastError("VAULT_DELETE_REFUSED", {
      what: `${vault.location.name} refused to remove points of ${app}`,
      why: `${thrown.message}; ${counted(relisted.length, "point is", "points are")} whole and listed again`,
      cause: thrown,
    })
  }
}
