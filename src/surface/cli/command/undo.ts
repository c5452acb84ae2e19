import { locateApp } from "../../../app/locate.ts"
import { HoldfastError } from "../../../base/errors.ts"
import { formatDuration } from "../../../base/units.ts"
import { findKept, undoRestore } from "../../../restore/restore.ts"
import type { CommandRun } from "../command-spec.ts"
import { confirm } from "../confirm.ts"
import { declaredApp, lookingContext, openNamedVault, vaultNameOf, verbTools } from "../subject.ts"

/** `holdfast undo` */
export const run: CommandRun = async (house, input) => {
  const id = input.required("operation")
  const tools = await verbTools(house)
  const operation = await tools.store.operation(id)
  if (operation === null) throw new HoldfastError("OPERATION_UNKNOWN", { what: `there is no operation ${id}` })
  const { settings, declared } = await declaredApp(house, operation.app)
  const app = await locateApp(declared, tools.containers, lookingContext(house))
  const vault = await openNamedVault(house, settings, vaultNameOf(declared, input), { create: false })
  const { record, state } = await findKept(tools, app, id)
  const plan = [
    `undo operation ${id}: put back what was live before ${state.point} was restored`,
    `kept until ${record.keptUntil.toISOString()}; a safety point of the present state is taken first`,
    ...state.replacements.map((replacement) => `swaps back ${replacement.part}`),
  ]
  await confirm(house, { plan, question: `Undo the restore of ${app.name}?`, given: input.flag("yes") })
  const report = await undoRestore(tools, { app, declared }, vault, id, house.command, { ...lookingContext(house) })
  return {
    document: { format: "holdfast.undo", version: 1, ...report },
    lines: [
      `undid ${report.undone}, down for ${formatDuration(report.downtimeMs)}`,
      `what was live until now is in the safety point ${report.safetyPoint}`,
    ],
  }
}
