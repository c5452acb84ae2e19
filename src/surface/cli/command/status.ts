import type { StatusOutput } from "../../../contract/output-posture.ts"
import { formatDuration } from "../../../base/units.ts"
import { EXIT, type CommandRun } from "../command-spec.ts"
import { assessApp } from "../../house/app-status.ts"
import { knowPoints } from "../../house/known-points.ts"
import { appNames } from "../../house/names.ts"
import { renderPairs } from "../render/table.ts"
import { formatIso } from "../render/time.ts"

type AppStatus = StatusOutput["apps"][number]

/** `holdfast status` */
export const run: CommandRun = async (house, input) => {
  const settings = await house.settings()
  const store = await house.use.store()
  const names = appNames(settings, input.argument("app"))
  await knowPoints(house, settings, names, Object.keys(settings.vaults))
  const apps: AppStatus[] = []
  for (const name of names) apps.push((await assessApp(house, settings, store, name)).status)
  const document: StatusOutput = { format: "holdfast.status", version: 1, apps }
  const lines =
    apps.length === 0
      ? ["Not protected: no app is set up. `holdfast init` writes the settings."]
      : apps.flatMap((app) => linesOf(app, input.flag("checklist")))
  return { document, lines, exitCode: apps.length > 0 && apps.every((app) => app.protected) ? EXIT.done : EXIT.notProtected }
}

function updateText({ kind, from, to, outcome, at }: NonNullable<AppStatus["lastUpdate"]>): string {
  const versions = `${from ?? "unknown"} to ${to ?? "unknown"}`
  const what = kind === "rollback" && outcome === "rolled back" ? "rolled back by hand" : outcome
  return `${versions}, ${what}, ${formatIso(at)}`
}

function linesOf(app: AppStatus, withChecklist: boolean): readonly string[] {
  const pairs: (readonly [string, string | null])[] = [
    ["newest proven point", app.point],
    ["proof", app.level],
    ["exposure", app.exposureMs === null ? null : formatDuration(app.exposureMs)],
    ["recovery time", app.recoveryTimeMs === null ? null : formatDuration(app.recoveryTimeMs)],
    ["points", String(app.points)],
    ["last update", app.lastUpdate === null ? null : updateText(app.lastUpdate)],
  ]
  const known = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== null)
  return [
    `${app.app}: ${app.sentence}`,
    ...renderPairs(known).map((line) => `  ${line}`),
    ...app.nextSteps.map((step) => `  next: ${step}`),
    ...(withChecklist ? app.checklist.map((one) => `  ${one.answer ? "yes" : "no "}  ${one.ask} ${one.evidence}`) : []),
    "",
  ]
}
