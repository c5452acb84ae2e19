import { HoldfastError, isHoldfastError } from "../../../base/errors.ts"
import { counted, formatDuration } from "../../../base/units.ts"
import type { UpdateOutput, UpdatePlanDocument, UpdateReportDocument } from "../../../contract/output-update.ts"
import { doUpdates } from "../../house/do-updates.ts"
import { samePlan } from "../../house/same-plan.ts"
import { updatePlanLines, updateReportLines } from "../../house/update-lines.ts"
import type { UpdateWish } from "../../house/update-work.ts"
import type { CommandRun } from "../command-spec.ts"
import { confirm } from "../confirm.ts"
import type { CliHouse } from "../cli-house.ts"
import { appOf, wishOf } from "../update-input.ts"
import { visible } from "../render/table.ts"

/** `holdfast update apply`: hop after hop, each planned, rehearsed and gated; the first that does not do well is the end. */
export const run: CommandRun = async (house, input) => {
  const app = await appOf(house, input)
  const wish = wishOf(input)
  const applied: UpdateReportDocument[] = []
  for (;;) {
    const { found, plan } = await standing(house, app, applied, async () => await doUpdates.plan(house, app, wish))
    if (plan === null) {
      const running = applied.at(-1)?.to ?? found.running
      const document: UpdateOutput = { format: "holdfast.update", version: 1, app, running, applied }
      const lines =
        applied.length === 0 ? [`nothing newer than ${running ?? "what runs"} is there for ${app}`] : applied.flatMap(updateReportLines)
      return { document, lines: [...lines, ...found.notices.map((notice) => `note: ${notice}`)] }
    }
    await confirm(house, {
      plan: updatePlanLines(plan, house.clock.now()).map(visible),
      question: `Update ${app} from ${plan.from.version ?? "what runs"} to ${plan.to.version}?`,
      given: input.flag("yes"),
    })
    applied.push(await standing(house, app, applied, async () => await applyOne(house, app, wish, plan)))
  }
}

async function applyOne(house: CliHouse, app: string, wish: UpdateWish, shown: UpdatePlanDocument): Promise<UpdateReportDocument> {
  const report = await doUpdates.apply(house, app, wish, (plan) => {
    if (!samePlan(plan, shown)) throw new HoldfastError("PLAN_STALE", { what: "the update would not do any more what the plan said" })
  })
  if (report === null) throw new HoldfastError("PLAN_STALE", { what: `${shown.to.version} is not there any more` })
  if (report.outcome === "applied") return report
  const beside = report.rowsKeptBeside.reduce((sum, { rows }) => sum + rows, 0)
  const kept = beside === 0 ? "" : `; ${counted(beside, "row")} that the new version had written are kept beside`
  const away = `down for ${formatDuration(report.downtimeMs)}${kept}`
  throw new HoldfastError("UPDATE_ROLLED_BACK", {
    what: `${app} was rolled back to ${report.from ?? "the version before"}: ${report.to} was not well (${away})`,
    ...(report.why === null ? {} : { why: report.why }),
    details: { operationId: report.operationId },
  })
}

/** With several releases on the way, an error says how far it came. */
async function standing<T>(house: CliHouse, app: string, applied: readonly UpdateReportDocument[], action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (thrown) {
    const last = applied.at(-1)
    if (last !== undefined && isHoldfastError(thrown))
      house.progress.warn(`${app} stands at ${last.to}: ${applied.map(({ to }) => to).join(", ")} applied, then it stopped`)
    throw thrown
  }
}
