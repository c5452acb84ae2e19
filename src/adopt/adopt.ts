/** Takes an existing install onto pinned images and managed updates, and back again: plan, guard, apply, gate (design §10, Adoption). */
import type { LocatedApp } from "../app/locate.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { AdoptPlan, Target } from "./adopt-plan.ts"
import { planManaged, type AdoptRequest } from "./plan.ts"
import { planPinned } from "./plan-pins.ts"
import type { AdoptTools } from "./ports.ts"

export type { AdoptPlan, Target } from "./adopt-plan.ts"
export { adopt, type AdoptReport } from "./apply.ts"
export { fileDifference } from "./difference.ts"
export type { AdoptTools } from "./ports.ts"
export { settleAdopt } from "./settle.ts"
export { settleAdoptUndo, undoAdopt, type AdoptUndoReport } from "./undo.ts"
export { planAdoptUndo, type AdoptUndoPlan } from "./undo-plan.ts"

export interface PlanRequest extends Omit<AdoptRequest, "target"> {
  /** Null: the vendor's where the recipe knows one, else pinned images alone. */
  readonly target: Exclude<Target, "pins"> | null
}

/** Looks, and changes nothing. Surprises are in the plan's checks. Throws USAGE, and what makes a plan impossible. */
export async function planAdopt(
  tools: AdoptTools,
  app: LocatedApp,
  vault: OpenVault,
  request: PlanRequest,
  ctx: RunContext,
): Promise<AdoptPlan> {
  const { compose } = app
  if (compose === null) throw new HoldfastError("USAGE", { what: `${app.name} is no compose project, so it cannot be adopted` })
  const known = app.recipe?.managedUpdates
  if (known !== undefined)
    return await planManaged(tools, app, compose, known, vault, { ...request, target: request.target ?? "vendor" }, ctx)
  const asked = [
    ...(request.target === null ? [] : ["--target"]),
    ...(request.version === null ? [] : ["--release"]),
    ...(Object.keys(request.images).length === 0 ? [] : ["--image"]),
  ]
  if (asked.length > 0) {
    throw new HoldfastError("USAGE", {
      what: `${asked.join(", ")} is for apps whose recipe knows an updater`,
      hint: `Leave it out: ${app.name} is pinned to the images that run, and \`holdfast update\` goes on from there.`,
    })
  }
  return await planPinned(tools, app, compose, vault, request.settings, ctx)
}
