import { isHoldfastError } from "../../../base/errors.ts"
import type { ServeOutput } from "../../../contract/output-service.ts"
import { entriesOf } from "../../service/entries.ts"
import { keepServing } from "../../service/loop.ts"
import { createService, type Service } from "../../service/service.ts"
import type { CliHouse } from "../cli-house.ts"
import type { CommandRun } from "../command-spec.ts"
import type { Listening } from "../../http/http.ts"
import { ranToJson } from "../render/ran-slot.ts"
import { formatInstant } from "../render/time.ts"

/** `holdfast serve` */
export const run: CommandRun = async (house, input) => {
  const service = createService(house)
  // Before anything is promised: without settings there is nothing to serve.
  await service.settings.current()
  await service.settle()
  const panel = input.flag("no-panel") ? null : await openPanel(house, service)
  try {
    house.progress.note(await greeting(service, house.version))
    await keepServing(service)
  } finally {
    await panel?.close()
  }
  house.progress.note("stopped; what was under way is put in order")
  const document: ServeOutput = { format: "holdfast.serve", version: 1, ran: service.reports().map(ranToJson) }
  return { document, lines: [] }
}

/**
 * The panel and the API, and how the first account is made. Where nobody has said where to listen and the usual port is taken, apps are
 * protected all the same, without a panel; null then.
 */
async function openPanel(house: CliHouse, service: Service): Promise<Listening | null> {
  const { listen } = await import("../../http/http.ts")
  try {
    const panel = await listen(service.house, service.runner, { settingsProblem: service.settings.problem, rawHouse: house })
    house.progress.note(`the panel is at ${panel.url}`)
    if (panel.firstRunToken !== null)
      house.progress.note(`there is no account yet; make the first one there with the token ${panel.firstRunToken}`)
    return panel
  } catch (thrown) {
    if (!isHoldfastError(thrown, "LISTEN_REFUSED") || (await service.settings.current()).panel !== undefined) throw thrown
    house.progress.warn(`there is no panel: ${thrown.message}${thrown.why === undefined ? "" : ` (${thrown.why})`}`)
    return null
  }
}

async function greeting({ settings, scheduler }: Service, version: string): Promise<string> {
  const present = await settings.current()
  const enabled = entriesOf(present).filter((entry) => entry.enabled).length
  const next = await scheduler.nextAt()
  const apps = Object.keys(present.apps).length
  const readOnly = (await settings.readOnly()) ? "; the settings file is read-only here" : ""
  const due = next === null ? "" : `, the next at ${formatInstant(next)}`
  return `holdfast ${version} serves: ${apps} apps, ${enabled} things to do by the clock${due}${readOnly}`
}
