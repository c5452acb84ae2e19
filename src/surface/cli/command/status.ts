import type { StatusOutput } from "../../../contract/output-posture.ts"
import { formatDuration } from "../../../base/units.ts"
import type { Store } from "../../../operation/ports.ts"
import { markDamage } from "../../../posture/damage.ts"
import { assessPosture, checklistOf } from "../../../posture/posture.ts"
import type { Settings } from "../../../settings/settings.ts"
import { EXIT, type CommandRun } from "../command-spec.ts"
import type { CliHouse } from "../cli-house.ts"
import { knowPoints } from "../../house/known-points.ts"
import { appNames } from "../../house/names.ts"
import { renderPairs } from "../render/table.ts"
import { declaredApp } from "../../house/subject.ts"

type AppStatus = StatusOutput["apps"][number]

/** `holdfast status` */
export const run: CommandRun = async (house, input) => {
  const settings = await house.settings()
  const store = await house.use.store()
  const names = appNames(settings, input.argument("app"))
  await knowPoints(house, settings, names, Object.keys(settings.vaults))
  const apps: AppStatus[] = []
  for (const name of names) apps.push(await statusOf(house, settings, store, name))
  const document: StatusOutput = { format: "holdfast.status", version: 1, apps }
  const lines =
    apps.length === 0
      ? ["Not protected: no app is set up. `holdfast init` writes the settings."]
      : apps.flatMap((app) => linesOf(app, input.flag("checklist")))
  return { document, lines, exitCode: apps.length > 0 && apps.every((app) => app.protected) ? EXIT.done : EXIT.notProtected }
}

async function statusOf(house: CliHouse, settings: Settings, store: Store, name: string): Promise<AppStatus> {
  const { declared } = await declaredApp(house, name)
  const vaults = Object.keys(settings.vaults)
  const [proofs, ...lists] = await Promise.all([
    store.proofs(name),
    ...vaults.map(async (vault) => await store.pointSummaries(name, vault)),
  ])
  const operations = await store.operations({ app: name })
  const points = markDamage(lists.flat(), operations)
  const posture = assessPosture(declared, points, proofs, declared.objectives, house.clock.now())
  const kits = await Promise.all(vaults.map(async (vault) => ({ vault, taken: (await store.value(`kit-taken:${vault}`)) !== null })))
  const checklist = checklistOf({
    app: declared,
    points,
    proofs,
    offHostVaults: new Set(vaults.filter((vault) => isElsewhere(settings, vault))),
    kitsTaken: new Set(kits.filter((kit) => kit.taken).map((kit) => kit.vault)),
    rebuilt: operations.some((one) => one.kind === "rebuild" && one.outcome === "succeeded"),
  })
  const { sentence, level, point, exposureMs, recoveryTimeMs, reasons, nextSteps } = posture
  return {
    app: name,
    protected: posture.protected,
    sentence,
    level,
    point,
    exposureMs,
    recoveryTimeMs,
    reasons: [...reasons],
    nextSteps: [...nextSteps],
    points: points.length,
    checklist: checklist.map((answer) => ({ ...answer })),
  }
}

/** A vault with an address is on another machine; a path is on this one. */
function isElsewhere(settings: Settings, vault: string): boolean {
  const url = settings.vaults[vault]?.url
  return url !== undefined && !url.startsWith("/") && !url.startsWith("local:")
}

function linesOf(app: AppStatus, withChecklist: boolean): readonly string[] {
  const pairs: (readonly [string, string | null])[] = [
    ["newest proven point", app.point],
    ["proof", app.level],
    ["exposure", app.exposureMs === null ? null : formatDuration(app.exposureMs)],
    ["recovery time", app.recoveryTimeMs === null ? null : formatDuration(app.recoveryTimeMs)],
    ["points", String(app.points)],
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
