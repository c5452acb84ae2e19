/** The rehearsal as a step of the update: done where none counts any more, left out only where a person said so with a reason. */
import { z } from "zod"
import type { AppUnderCare } from "../backup/backup.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Journal } from "../operation/journal.ts"
import type { OpenVault } from "../vault/vault.ts"
import { predictAfter } from "./plan/downtime-of-app.ts"
import { refuseOtherMajor } from "./place/major-database.ts"
import type { UpdateTools } from "./ports.ts"
import { rehearsalPoint } from "./rehearse/rehearsal-point.ts"
import { rehearse } from "./rehearse/rehearse.ts"
import type { UpdateSteps } from "./steps.ts"
import type { Rehearsal, UpdatePlan } from "./update-plan.ts"

/**
 * The plan with what the rehearsal told: itself, and the downtime that it lets expect. A failing rehearsal ends the update with the app
 * untouched. Throws UPDATE_REHEARSAL_FAILED naming what failed, UPDATE_MAJOR_DATABASE, SANDBOX_REFUSED, and what rehearsing throws.
 */
export async function rehearseFirst(
  tools: UpdateTools,
  subject: AppUnderCare,
  vault: OpenVault,
  plan: UpdatePlan,
  journal: Journal<UpdateSteps>,
  ctx: RunContext,
): Promise<UpdatePlan> {
  if (plan.rehearsal?.passed === true) return plan
  if (plan.unrehearsed !== null) {
    // Only the images tell, and only now are they here.
    await refuseOtherMajor(tools, subject.app, plan.to, ctx)
    return plan
  }
  const rehearsal = await rehearseNow(tools, subject, vault, plan, journal, ctx)
  const predictedDowntimeMs = await predictAfter(tools, subject.app, vault, plan.databases, rehearsal, ctx)
  return { ...plan, rehearsal, predictedDowntimeMs }
}

async function rehearseNow(
  tools: UpdateTools,
  subject: AppUnderCare,
  vault: OpenVault,
  plan: UpdatePlan,
  journal: Journal<UpdateSteps>,
  ctx: RunContext,
): Promise<Rehearsal> {
  const point = await rehearsalPoint(tools, subject, vault, plan.to.version, journal, ctx)
  const rehearsing = async () => await rehearse(tools, subject, { vault, point }, plan.to, null, ctx)
  const rehearsal = await journal.step("rehearse", { point: point.manifest.id }, rehearsing, (value) => z.json().parse(value))
  if (rehearsal.passed) return rehearsal
  throw new HoldfastError("UPDATE_REHEARSAL_FAILED", {
    what: `${plan.to.version} did not pass the rehearsal on a copy of ${point.manifest.id}`,
    ...(rehearsal.why === null ? {} : { why: rehearsal.why }),
    details: { rehearsal },
  })
}
