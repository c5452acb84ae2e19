/** Brings recovery points of one vault into another as well: what is missing there is copied, nothing is ever removed (design §5, §9). */
import { HoldfastError, isHoldfastError, messageOf, type ErrorCode } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Journal } from "../operation/journal.ts"
import type { OperationEnd } from "../operation/operation.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import { carryPins, type SealedPoint } from "../recovery-point/recovery-point.ts"
import type { OpenVault } from "../vault/vault.ts"
import { announcerFor } from "./announcer.ts"
import { batchesOf } from "./batches.ts"
import { copyBatch, linkOf, type CopyGround } from "./copy-batch.ts"
import { copyPlanToJson, planWithSides, type CopyPlan, type CopyRequest } from "./plan.ts"
import type { CopyTools } from "./ports.ts"
import { copySteps, type CopySteps } from "./steps.ts"
import { lookAt } from "./two-vaults.ts"

export { copyPlanToJson, planCopy, type CopyPlan, type CopyRequest, type PlannedCopy } from "./plan.ts"
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
  const announcer = announcerFor(source, target ?? (await lookAt(to, tools.store, app, ctx)), app)
  const ground: CopyGround = { app, store: tools.store, source, to, announcer, journal, ctx }
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

/** Newest first. Returns the points that could not be copied. */
async function copyAll(ground: CopyGround, wanted: readonly SealedPoint[]): Promise<ReadonlyMap<string, HoldfastError>> {
  const failures = new Map<string, HoldfastError>()
  const queue = [...batchesOf(wanted)]
  for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
    const error = await failureOf(ground, batch)
    if (error === null) continue
    if (endsTheRun(error)) {
      for (const point of [...batch, ...queue.flat()]) failures.set(point.manifest.id, error)
      return failures
    }
    // One bad point must not keep those beside it from being copied.
    if (batch.length > 1) queue.unshift(...batch.map((point) => [point]).toReversed())
    else for (const point of batch) failures.set(point.manifest.id, error)
  }
  return failures
}

async function failureOf(ground: CopyGround, batch: readonly SealedPoint[]): Promise<HoldfastError | null> {
  const error = await caught(ground, async () => await copyBatch(ground, batch))
  if (error === null || endsTheRun(error)) return error
  // A target that cannot even be told so has been lost on the way.
  const second = await caught(ground, async () => await ground.announcer.withdraw(batch.map(linkOf), ground.ctx))
  return second ?? error
}

/** What went wrong with the vaults; anything else ends the operation. */
async function caught({ ctx }: CopyGround, action: () => Promise<void>): Promise<HoldfastError | null> {
  try {
    await action()
    return null
  } catch (thrown) {
    if (ctx.signal.aborted || !isHoldfastError(thrown) || thrown.code === "LEASE_LOST") throw thrown
    return thrown
  }
}

const ENDS_THE_RUN: ReadonlySet<ErrorCode> = new Set([
  "VAULT_UNREACHABLE",
  "VAULT_FULL",
  "VAULT_LOCKED",
  "VAULT_ABSENT",
  "VAULT_WRONG_KEY",
  "VAULT_KEY_MISSING",
  "VAULT_TOOL_MISSING",
  "SETTINGS_INVALID",
])

/** What is not about one point would meet every other point as well. */
function endsTheRun(error: HoldfastError): boolean {
  return ENDS_THE_RUN.has(error.code)
}

/** A vault that was lost on the way is not asked again. */
async function pinsFor(ground: CopyGround, failures: ReadonlyMap<string, HoldfastError>): Promise<readonly string[]> {
  if ([...failures.values()].some(endsTheRun)) return []
  const { app, store, to, journal, ctx } = ground
  const carry = async (): Promise<readonly string[]> =>
    await carryPins(to, store, app, await to.backend.list(to.location, { app }, ctx), ctx)
  return await journal.step("carry-pins", { app, vault: to.location.name }, carry, (points) => [...points])
}

function failedCopy(point: string, error: HoldfastError): FailedCopy {
  return { point, code: error.code, message: error.why === undefined ? messageOf(error) : `${messageOf(error)}: ${error.why}` }
}

function whyPartial({ copied, failed, problems }: CopyReport): string {
  const [first] = failed
  const some = first === undefined ? [] : [`${failed.length} points could not be copied (${first.message})`]
  return [`${copied.length} points copied`, ...some, ...problems].join("; ")
}
