import type { RunDueOutput } from "../../../contract/output-service.ts"
import { nextRuns, type DueJob } from "../../../schedule/due.ts"
import type { Settings } from "../../../settings/settings.ts"
import { entriesOf } from "../../service/entries.ts"
import { runDueOnce } from "../../service/run-due.ts"
import { createService, type Service } from "../../service/service.ts"
import { EXIT, type CommandRun } from "../command-spec.ts"
import { ranLines, ranToJson } from "../render/ran-slot.ts"
import { renderTable } from "../render/table.ts"
import { formatInstant } from "../render/time.ts"

/** `holdfast run-due` */
export const run: CommandRun = async (house, input) => {
  const service = createService(house)
  if (input.flag("plan")) return await plan(service)
  const due = await service.scheduler.due()
  const reports = await runDueOnce(service)
  const next = nextOfAll(await service.settings.current(), house.clock.now())
  const failed = reports.filter(({ outcome }) => outcome !== "succeeded" && outcome !== "skipped")
  return {
    document: documentOf(due, reports.map(ranToJson), next),
    lines: reports.length === 0 ? ["nothing was due", ...nextLines(next)] : ranLines(reports),
    exitCode: failed.length === 0 ? EXIT.done : EXIT.partial,
  }
}

async function plan(service: Service): ReturnType<CommandRun> {
  const due = await service.scheduler.due()
  const next = nextOfAll(await service.settings.current(), service.house.clock.now())
  const rows = due.map(({ app, schedule, slot, missed }) => [
    app,
    schedule,
    formatInstant(slot),
    missed === 0 ? "" : `${missed} missed before`,
  ])
  const columns = ["APP", "SCHEDULE", "SLOT", ""].map((title) => ({ title }))
  return {
    document: documentOf(due, [], next),
    lines: [...(rows.length === 0 ? ["nothing is due"] : renderTable(columns, rows)), "", ...nextLines(next)],
  }
}

type Next = RunDueOutput["next"][number]

function nextOfAll(settings: Settings, now: Date): readonly Next[] {
  return entriesOf(settings)
    .flatMap((entry) => nextRuns(entry, now, 1).map((at) => ({ app: entry.app, schedule: entry.schedule, at: at.toISOString() })))
    .toSorted((left, right) => (left.at < right.at ? -1 : 1))
}

function nextLines(next: readonly Next[]): readonly string[] {
  if (next.length === 0) return ["no schedule is enabled"]
  const rows = next.map(({ app, schedule, at }) => [app, schedule, formatInstant(new Date(at))])
  return renderTable([{ title: "APP" }, { title: "SCHEDULE" }, { title: "NEXT RUN" }], rows)
}

function documentOf(due: readonly DueJob[], ran: RunDueOutput["ran"], next: readonly Next[]): RunDueOutput {
  return {
    format: "holdfast.run-due",
    version: 1,
    due: due.map(({ app, schedule, slot, missed }) => ({ app, schedule, slot: slot.toISOString(), missed })),
    ran,
    next: [...next],
  }
}
