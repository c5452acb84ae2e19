import { rm } from "node:fs/promises"
import { join } from "node:path"
import type { App } from "../../app/app.ts"
import { letPulledGo } from "../../app/pulled-names.ts"
import type { RunContext } from "../../base/run-context.ts"
import { settleCapture } from "../../backup/settle.ts"
import type { AppUnderCare } from "../../backup/backup.ts"
import type { OperationRecord } from "../../operation/ports.ts"
import { uncancelled } from "../../operation/journal.ts"
import type { Settlement } from "../../operation/operation.ts"
import { runOperation, type ContextBase } from "../../operation/run-operation.ts"
import type { OpenVault } from "../../vault/vault.ts"
import type { UpdateTools } from "../ports.ts"
import { rehearsalPoint } from "./rehearsal-point.ts"
import { rehearse } from "./rehearse.ts"
import { rehearsalSteps } from "./rehearse-steps.ts"
import { rehearsalToJson, triedOf } from "./rehearsal-record.ts"
import type { Rehearsal, UpdatePlan } from "../update-plan.ts"

/**
 * Rehearses a release as a run of its own and records what it came to, so that an update soon after need not do it again. A release that
 * does not do well is a recorded failure and a value. Throws what a capture and `rehearse` throw, OPERATION_BUSY, OPERATION_UNSETTLED.
 */
export async function rehearseUpdate(
  tools: UpdateTools,
  subject: AppUnderCare,
  vault: OpenVault,
  { from, to }: Pick<UpdatePlan, "from" | "to">,
  command: string,
  base: ContextBase,
): Promise<Rehearsal> {
  const plan = { vault: vault.location.name, from: from.version, to: to.version, ...triedOf(to) }
  const request = { kind: "rehearse" as const, app: subject.app.name, steps: rehearsalSteps, plan, command }
  const end = await runOperation(tools, request, base, async (journal, ctx) => {
    try {
      const point = await rehearsalPoint(tools, subject, vault, to.version, journal, ctx)
      const rehearsal = await rehearse(tools, subject, { vault, point }, to, journal, ctx)
      const outcome = rehearsal.passed ? ("succeeded" as const) : ("failed" as const)
      return {
        outcome,
        result: rehearsal,
        record: rehearsalToJson(rehearsal),
        ...(rehearsal.why === null ? {} : { message: rehearsal.why }),
      }
    } finally {
      await letPulledGo(tools, ctx.operationId, uncancelled(ctx))
      await rm(join(tools.scratchDirectory, ctx.operationId), { recursive: true, force: true })
    }
  })
  return end.result
}

/** Removes what an interrupted rehearsal left behind. Nothing live was touched. Repeatable. */
export async function settleRehearse(
  tools: UpdateTools,
  app: App,
  vault: OpenVault,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<Settlement> {
  await settleCapture(tools, app, vault, operation, ctx)
  if (app.compose !== null) await letPulledGo(tools, operation.id, ctx)
  return { outcome: "failed", message: "interrupted; what the sandbox left behind was removed, the release counts as not rehearsed" }
}
