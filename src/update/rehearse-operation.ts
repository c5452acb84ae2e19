import { rm } from "node:fs/promises"
import { join } from "node:path"
import type { App } from "../app/app.ts"
import { letPulledGo } from "../app/pulled-names.ts"
import type { RunContext } from "../base/run-context.ts"
import type { AppUnderCare } from "../backup/backup.ts"
import type { OperationRecord } from "../operation/ports.ts"
import { uncancelled } from "../operation/journal.ts"
import type { Settlement } from "../operation/operation.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import type { InstallableRelease } from "../release/installable.ts"
import type { Origin } from "../restore/stage.ts"
import type { UpdateTools } from "./ports.ts"
import { rehearse } from "./rehearse.ts"
import { rehearsalSteps } from "./rehearse-steps.ts"
import { rehearsalToJson, triedOf } from "./rehearsal-record.ts"
import type { Rehearsal } from "./update-plan.ts"

/**
 * Rehearses a release as a run of its own and records what it came to, so that an update soon after need not do it again. A release that
 * does not do well is a recorded failure and a value. Throws what `rehearse` throws, OPERATION_BUSY, OPERATION_UNSETTLED.
 */
export async function rehearseUpdate(
  tools: UpdateTools,
  subject: AppUnderCare,
  origin: Origin,
  release: InstallableRelease,
  command: string,
  base: ContextBase,
): Promise<Rehearsal> {
  const plan = {
    point: origin.point.manifest.id,
    vault: origin.vault.location.name,
    from: origin.point.manifest.appVersion,
    to: release.version,
    ...triedOf(release),
  }
  const request = { kind: "rehearse" as const, app: subject.app.name, steps: rehearsalSteps, plan, command }
  const end = await runOperation(tools, request, base, async (journal, ctx) => {
    try {
      const rehearsal = await rehearse(tools, subject, origin, release, journal, ctx)
      const outcome = rehearsal.passed ? ("succeeded" as const) : ("failed" as const)
      return {
        outcome,
        result: rehearsal,
        record: rehearsalToJson(rehearsal),
        ...(rehearsal.why === null ? {} : { message: rehearsal.why }),
      }
    } finally {
      await letPulledGo(tools.containers, ctx.operationId, uncancelled(ctx))
      await rm(join(tools.scratchDirectory, ctx.operationId), { recursive: true, force: true })
    }
  })
  return end.result
}

/** Removes what an interrupted rehearsal left behind. Nothing live was touched. Repeatable. */
export async function settleRehearse(
  tools: Pick<UpdateTools, "containers" | "scratchDirectory">,
  app: App,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<Settlement> {
  if (app.compose !== null) {
    await tools.containers.removeLeftovers(operation.id, ctx)
    await letPulledGo(tools.containers, operation.id, ctx)
  }
  await rm(join(tools.scratchDirectory, operation.id), { recursive: true, force: true })
  return { outcome: "failed", message: "interrupted; what the sandbox left behind was removed, the release counts as not rehearsed" }
}
