import { locateApp } from "../../../app/locate.ts"
import { HoldfastError } from "../../../base/errors.ts"
import { formatDuration } from "../../../base/units.ts"
import { findKept, undoRestore } from "../../../restore/restore.ts"
import type { Store } from "../../../operation/ports.ts"
import type { CommandRun } from "../command-spec.ts"
import { confirm } from "../confirm.ts"
import type { CliHouse } from "../cli-house.ts"
import { knowPoints } from "../../house/known-points.ts"
import { declaredApp, lookingContext, openNamedVault, vaultNameOf, verbTools } from "../../house/subject.ts"
import { selectionOf } from "../selection.ts"

/** `holdfast undo` */
export const run: CommandRun = async (house, input) => {
  const id = input.required("operation")
  const tools = await verbTools(house)
  const { settings, declared } = await declaredApp(house, await appOf(house, tools.store, id))
  const app = await locateApp(declared, tools.containers, lookingContext(house))
  const vault = await openNamedVault(house, settings, vaultNameOf(declared, selectionOf(input)), { create: false })
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

/** The journal is not kept in the vault but what was kept is: an undo works as well when the store was lost. */
async function appOf(house: CliHouse, store: Store, id: string): Promise<string> {
  const operation = await store.operation(id)
  if (operation !== null) return operation.app
  const settings = await house.settings()
  const names = Object.keys(settings.apps)
  await knowPoints(house, settings, names, Object.keys(settings.vaults))
  for (const name of names) if ((await store.kept(name)).some((kept) => kept.operationId === id)) return name
  throw new HoldfastError("OPERATION_UNKNOWN", { what: `there is no operation ${id}` })
}
