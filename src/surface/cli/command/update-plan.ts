import { HoldfastError } from "../../../base/errors.ts"
import type { UpdatePlanOutput } from "../../../contract/output-update.ts"
import { doUpdates } from "../../house/do-updates.ts"
import { updatePlanLines } from "../../house/update-lines.ts"
import type { NextUpdate } from "../../house/update-work.ts"
import type { CommandResult, CommandRun } from "../command-spec.ts"
import type { CliHouse } from "../cli-house.ts"
import { appOf, wishOf } from "../update-input.ts"
import { visible } from "../render/table.ts"

/** `holdfast update plan` */
export const run: CommandRun = async (house, input) => {
  const app = await appOf(house, input)
  const wish = wishOf(input)
  // What the guard refuses is refused before a copy is made of everything.
  const first = await doUpdates.plan(house, app, wish)
  if (first.plan === null || !input.flag("rehearse")) return planned(house, app, first)
  const rehearsal = await doUpdates.rehearse(house, app, wish)
  if (rehearsal?.passed === false) {
    throw new HoldfastError("UPDATE_REHEARSAL_FAILED", {
      what: `${rehearsal.version} did not pass its rehearsal on a copy of ${app}`,
      ...(rehearsal.why === null ? {} : { why: rehearsal.why }),
      details: { operationId: rehearsal.operationId },
    })
  }
  return planned(house, app, await doUpdates.plan(house, app, wish))
}

function planned(house: CliHouse, app: string, { found, plan }: NextUpdate): CommandResult {
  const document: UpdatePlanOutput = {
    format: "holdfast.update-plan",
    version: 1,
    app,
    running: found.running,
    plan,
    notices: [...found.notices],
  }
  const notices = found.notices.map((notice) => `note: ${notice}`)
  if (plan === null) return { document, lines: [`nothing newer than ${found.running ?? "what runs"} is there for ${app}`, ...notices] }
  return { document, lines: [...updatePlanLines(plan, house.clock.now()), ...notices].map(visible) }
}
