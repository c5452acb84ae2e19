/** What a person should know before saying yes; none of it is a reason to refuse. Pure. */
import type { App, UpdateRules } from "../../app/app.ts"
import { copiedWithout } from "../../app/copied-without.ts"
import type { Standstill } from "../../app/standstill.ts"
import { counted } from "../../base/units.ts"
import type { InstallableRelease } from "../../release/installable.ts"
import { howItFailed, type Failure } from "./failed-before.ts"
import type { RunningApp } from "../running.ts"
import type { Rehearsal, UpdatePlan } from "../update-plan.ts"

export interface WarningFacts {
  readonly app: App
  readonly rules: UpdateRules
  readonly release: InstallableRelease
  readonly running: RunningApp
  readonly version: string | null
  readonly databases: UpdatePlan["databases"]
  readonly rehearsal: Rehearsal | null
  /** Why a person wants it without one. */
  readonly unrehearsed: string | null
  readonly standstill: Standstill
  /** Images that are not here yet. */
  readonly missing: readonly string[]
  /** Database services whose next major version cannot be told yet. */
  readonly untold: readonly string[]
  /** Databases whose free space cannot be seen from here. */
  readonly unseen: readonly string[]
  /** How this very release failed here before, which somebody wants to try again all the same. */
  readonly failure: Failure | null
  /** Differences between compose files and containers that somebody accepts. */
  readonly drift: readonly string[]
  /** Data that the settings do not name. */
  readonly unnamed: readonly string[]
}

export function planWarnings(facts: WarningFacts): readonly string[] {
  return [
    ...aboutFailure(facts),
    ...aboutRehearsal(facts),
    ...aboutSchema(facts),
    ...aboutHealth(facts),
    ...aboutUnnamed(facts),
    ...facts.databases.flatMap(aboutDatabase),
    ...resting(facts),
    ...facts.untold.map(
      (service) =>
        `which version of PostgreSQL the new image of ${service} holds can only be told once it is here; another major version ends the update`,
    ),
    ...facts.unseen.map((name) => `whether there is room for a copy of database ${name} cannot be seen from here`),
    ...facts.drift.map(
      (difference) =>
        `${difference} That is accepted: what the update makes anew is made as the files say, and so is what a rollback brings back.`,
    ),
  ]
}

function aboutDatabase({ name, way, why }: WarningFacts["databases"][number]): readonly string[] {
  if (way === "clone") return []
  const head = `database ${name} cannot be copied beside itself (${why}): it is captured while the app stands still`
  if (way === "cold-point") return [`${head}, and a rollback restores it, which takes longer`]
  return [
    `${head}, and a rollback empties it and fills it from that point, which takes longer; what the new version has written by then is not kept beside`,
  ]
}

function aboutFailure({ release, failure }: WarningFacts): readonly string[] {
  if (failure === null) return []
  return [`${howItFailed(release, failure)}${failure.why === null ? "" : ` (${failure.why})`}; it is tried again because somebody says so`]
}

function aboutRehearsal({ app, release, running, rehearsal, unrehearsed, missing }: WarningFacts): readonly string[] {
  if (unrehearsed !== null) return notProven(release, unrehearsed)
  if (app.compose === null) return aboutBeside(release, rehearsal)
  const without = copiedWithout(app, running.model)
  const partly = without.length === 0 ? [] : [`the rehearsal does without ${without.join(", ")}, as the settings say`]
  if (rehearsal !== null) return partly
  const how = release.built === undefined ? "pulled" : "built"
  const pull =
    missing.length === 0
      ? ""
      : `; ${missing.length === 1 ? "one image is" : counted(missing.length, "image is", "images are")} ${how} first`
  return [`${release.version} was not rehearsed here yet: that is done before anything is stopped${pull}`, ...partly]
}

function notProven({ version, preFlight, migrate }: InstallableRelease, reason: string): readonly string[] {
  return [
    `it is not rehearsed, because somebody said: ${reason}`,
    `not proven: that ${version} starts and stays well with this data${migrate === null ? "" : ", that its migration succeeds on it"}, and how long it takes; what goes wrong is seen on the live app, which is then taken back by itself`,
    ...(preFlight === null ? [] : [`its pre-flight (${preFlight.argv.join(" ")}) is not run: it runs in rehearsals alone`]),
  ]
}

/** Of an app without containers, the rehearsal can show less. */
function aboutBeside({ version }: InstallableRelease, rehearsal: Rehearsal | null): readonly string[] {
  return [
    ...(rehearsal === null ? [`${version} was not rehearsed here yet: that is done before anything is stopped`] : []),
    "the rehearsal runs the commands of the new version on a copy of the data; the program itself is started for the first time when it goes live",
  ]
}

/** Nobody says of a schema whether the old version could still read it: a rollback therefore always takes the data back as well. */
function aboutSchema({ app, release, rehearsal }: WarningFacts): readonly string[] {
  const migrates = release.migrate !== null || app.recipe?.migratesAtStart === true
  if (rehearsal === null ? !migrates : !changesSchema(rehearsal)) return []
  const lost = [...(rehearsal?.schema.tablesRemoved ?? []), ...(rehearsal?.schema.columnsRemoved ?? [])]
  const gone = lost.length === 0 ? "" : `; it removes ${lost.join(", ")}`
  return [
    `whether the old version could read what the new one migrates is not known: a rollback takes the data back to the moment of the update${gone}`,
  ]
}

function changesSchema({ schema }: Rehearsal): boolean {
  const lists = [schema.tablesAdded, schema.tablesRemoved, schema.columnsAdded, schema.columnsRemoved]
  return schema.from !== schema.to || lists.some((list) => list.length > 0)
}

function aboutHealth({ app, rules, running }: WarningFacts): readonly string[] {
  const told = app.health !== null || app.checks.length > 0
  const checked = told || running.model.services.some(({ hasHealthCheck }) => hasHealthCheck)
  if (!told && app.compose === null)
    return ["nothing tells whether the app is well: whatever `run.start` leaves behind is kept; say under `health` how the app tells it"]
  if (!checked) return ["nothing tells whether the app is well: only that its containers run and do not restart is looked at"]
  if (!rules.expectVersion) return ["its builds may report an old version: which version answers is not judged"]
  return app.health?.versionKey === null || running.reported === null
    ? ["the app does not tell its version: which version answers is not judged"]
    : []
}

function aboutUnnamed({ unnamed }: WarningFacts): readonly string[] {
  if (unnamed.length === 0) return []
  const they = unnamed.length === 1 ? "it" : "them"
  return [`no point holds ${unnamed.join(", ")}, for the settings do not name ${they}: a rollback does not take ${they} back`]
}

function resting({ release, standstill }: WarningFacts): readonly string[] {
  return standstill.rested
    .filter((service) => release.images[service] !== undefined)
    .map((service) => `${service} does not run now and is not expected to run afterwards`)
}
