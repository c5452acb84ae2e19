import { counted, formatDuration } from "../../../base/units.ts"
import type { RollbackOutput, RollbackPlanOutput } from "../../../contract/output-update.ts"
import { doUpdates } from "../../house/do-updates.ts"
import { rollbackPlanLines } from "../../house/update-lines.ts"
import type { CommandRun } from "../command-spec.ts"
import { confirm } from "../confirm.ts"
import { appOf } from "../update-input.ts"
import { visible } from "../render/table.ts"

/** `holdfast update rollback` */
export const run: CommandRun = async (house, input) => {
  const app = await appOf(house, input)
  const plan = await doUpdates.planRollback(house, app, input.argument("operation"))
  const lines = rollbackPlanLines(plan, house.clock.now()).map(visible)
  if (input.flag("plan")) {
    const document: RollbackPlanOutput = { format: "holdfast.update-rollback-plan", version: 1, plan }
    return { document, lines }
  }
  const question = `Roll ${app} back from ${plan.from} to ${plan.to ?? "the version before"}?`
  await confirm(house, { plan: lines, question, given: input.flag("yes") })
  const report = await doUpdates.rollBack(house, app, plan.operationId)
  const document: RollbackOutput = { format: "holdfast.update-rollback", version: 1, ...report }
  return {
    document,
    lines: [
      `rolled ${app} back from ${report.from} to ${report.to ?? "the version before"} in ${formatDuration(report.durationMs)}`,
      `down for ${formatDuration(report.downtimeMs)}`,
      `what was live until now is in the safety point ${report.safetyPoint}`,
      ...report.rowsKeptBeside.map(({ database, table, rows }) => `kept beside: ${counted(rows, "row")} of ${table} in ${database}`),
      ...report.warnings.map((warning) => `warning: ${warning}`),
    ],
  }
}
