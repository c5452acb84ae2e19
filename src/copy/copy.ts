/** Brings recovery points of one vault into another as well: what is missing there is copied, nothing is ever removed (design §5, §9). */
import { messageOf, type ErrorCode, type HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { counted } from "../base/units.ts"
import type { Journal } from "../operation/journal.ts"
import type { OperationEnd } from "../operation/operation.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import { carryPins } from "../recovery-point/recovery-point.ts"
import type { OpenVault } from "../vault/vault.ts"
import { announcerFor } from "./announcer.ts"
import { copyAll, endsTheRun } from "./copy-all.ts"
import type { CopyGround } from "./copy-batch.ts"
import { copyPlanToJson, planWithSides, type CopyPlan, type CopyRequest } from "./plan.ts"
import type { CopyTools } from "./ports.ts"
import { copySteps, type CopySteps } from "./steps.ts"
import { lookAt } from "./two-vaults.ts"

export { copyPlanToJson, hasWork, planCopy, type CopyPlan, type CopyRequest, type PlannedCopy } from "./plan.ts"
export type { CopyTools } from "./ports.ts"
export { settleCopy } from "./settle.ts"
export { copySteps } from "./steps.ts"

export interface FailedCopy {
  readonly point: string
  readonly code: ErrorCode
  /** For people: what failed, and why. */
  readonly message: string
}

export interface CopyReport {
  readonly from: string
  readonly to: string
  readonly outcome: "succeeded" | "partial"
  /** Ids of points that the target holds now and did not before, newest first. */
  readonly copied: readonly string[]
  readonly failed: readonly FailedCopy[]
  /** As in the plan. */
  readonly problems: readonly string[]
  /** Points whose pin, or its end, was written into the target's ledger. */
  readonly pins: readonly string[]
}

/**
 * Copies what is missing in the target, under the app's lease. What is to be copied is decided again there, so a plan that was shown
 * need not be fresh. Some points copied and others not: outcome `partial`, and the next run catches up.
 * Throws as `planCopy` does, and what stood in the way when nothing could be copied at all.
 */
export async function applyCopy(
  tools: CopyTools,
  request: CopyRequest & { readonly to: OpenVault },
  shown: CopyPlan,
  command: string,
  base: ContextBase,
): Promise<CopyReport> {
  const operation = { kind: "copy" as const, app: request.app, steps: copySteps, plan: copyPlanToJson(shown), command }
  return (await runOperation(tools, operation, base, async (journal, ctx) => await copy(tools, request, journal, ctx))).result
}

async function copy(
  tools: CopyTools,
  request: CopyRequest & { readonly to: OpenVault },
  journal: Journal<CopySteps>,
  ctx: RunContext,
): Promise<OperationEnd<CopyReport>> {
  const { app, to } = request
  const { plan, wanted, source, target } = await planWithSides(tools.store, request, ctx)
  const there = target ?? (await lookAt(to, tools.store, app, ctx))
  const ground: CopyGround = { app, store: tools.store, source, target: there, announcer: announcerFor(source, there, app), journal, ctx }
  const failures = await copyAll(ground, wanted)
  const failed = [...failures].map(([point, error]) => failedCopy(point, error))
  const copied = plan.points.map((point) => point.id).filter((id) => !failures.has(id))
  const [first] = failures.values()
  if (first !== undefined && copied.length === 0) throw first
  const pins = await pinsFor(ground, failures)
  const outcome = failed.length + plan.problems.length === 0 ? "succeeded" : "partial"
  const report: CopyReport = { from: plan.from, to: plan.to, outcome, copied, failed, problems: plan.problems, pins }
  const record = { vault: plan.to, copied: [...copied], failed: failed.map((one) => ({ ...one })), problems: [...plan.problems] }
  return { outcome, result: report, record, ...(outcome === "partial" ? { message: whyPartial(report) } : {}) }
}

/** A vault that was lost on the way is not asked again. */
async function pinsFor(ground: CopyGround, failures: ReadonlyMap<string, HoldfastError>): Promise<readonly string[]> {
  if ([...failures.values()].some(endsTheRun)) return []
  const { app, store, journal, ctx } = ground
  const to = ground.target.vault
  const carry = async (): Promise<readonly string[]> => await carryPins(to, store, app, ctx)
  return await journal.step("carry-pins", { app, vault: to.location.name }, carry, (points) => [...points])
}

function failedCopy(point: string, error: HoldfastError): FailedCopy {
  return { point, code: error.code, message: error.why === undefined ? messageOf(error) : `${messageOf(error)}: ${error.why}` }
}

function whyPartial({ copied, failed, problems }: CopyReport): string {
  const [first] = failed
  const some = first === undefined ? [] : [`${counted(failed.length, "point")} could not be copied (${first.message})`]
  return [`${counted(copied.length, "point")} copied`, ...some, ...problems].join("; ")
}
