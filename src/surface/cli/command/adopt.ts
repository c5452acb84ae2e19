import { readFile } from "node:fs/promises"
import { resolve } from "node:path"
import {
  adopt,
  fileDifference,
  planAdopt,
  planAdoptUndo,
  undoAdopt,
  type AdoptPlan,
  type AdoptUndoPlan,
  type Target,
} from "../../../adopt/adopt.ts"
import { refuseSurprises } from "../../../adopt/checks.ts"
import { catalog } from "../../../base/error-catalog.ts"
import { formatDuration } from "../../../base/units.ts"
import type { AdoptOutput, AdoptPlanOutput, AdoptUndoOutput, AdoptUndoPlanOutput } from "../../../contract/output-adopt.ts"
import { adoptTools, openAdoption } from "../../house/adopt-subject.ts"
import type { Subject } from "../../house/subject.ts"
import type { CliHouse } from "../cli-house.ts"
import { EXIT, type CommandResult, type CommandRun } from "../command-spec.ts"
import { confirm } from "../confirm.ts"
import { usage, type CommandInput } from "../input.ts"
import { readGiven } from "../release-input.ts"
import { renderTable } from "../render/table.ts"
import { selectionOf } from "../selection.ts"

/** `holdfast adopt` */
export const run: CommandRun = async (house, input) => {
  if (input.flag("undo")) refuseChoices(input)
  const subject = await openAdoption(house, selectionOf(input))
  if (input.flag("undo")) return await runUndo(house, input, subject)
  const tools = await adoptTools(house)
  const plan = await planAdopt(tools, subject.app, subject.vault, await requestOf(house, input, subject), subject.ctx)
  const isSurprising = plan.checks.some((check) => !check.good)
  if (input.flag("plan")) {
    return { document: planDocument(plan), lines: planLines(plan), exitCode: isSurprising ? catalog.ADOPT_SURPRISE.exitCode : EXIT.done }
  }
  if (isSurprising && !house.options.json) for (const line of checkLines(plan)) house.terminal.say(`${line}\n`)
  refuseSurprises(plan.app, plan.checks)
  const { target, release } = plan
  const question = target === "pins" ? `Pin the images of ${plan.app}?` : `Adopt ${plan.app} onto ${release.version}?`
  await confirm(house, { plan: planLines(plan), question, given: input.flag("yes") })
  const report = await adopt(tools, subject, plan, house.command, house.base())
  const document: AdoptOutput = { format: "holdfast.adopt", version: 1, ...report, warnings: [...report.warnings] }
  return {
    document,
    lines: [
      `adopted ${report.app}: ${report.from ?? "what ran"} is now ${report.to}, pinned by digest, in ${formatDuration(report.durationMs)}, down for ${formatDuration(report.downtimeMs)}`,
      `before it: ${report.point}, read back to its last byte and pinned; let it go with \`holdfast unpin\` when all has been well for a day`,
      `back: holdfast adopt ${report.app} --undo`,
      ...report.warnings.map((warning) => `note: ${warning}`),
    ],
  }
}

async function requestOf(house: CliHouse, input: CommandInput, { settings }: Subject): Promise<Parameters<typeof planAdopt>[3]> {
  const key = input.text("key")
  const { file } = settings
  return {
    target: targetOf(input.text("target")),
    channel: input.text("channel"),
    anyVersion: input.flag("any-version"),
    version: input.text("release"),
    images: Object.fromEntries(input.list("image").map(imageOf)),
    vendorKey: key === null ? null : await readGiven(house, key),
    holdfastImage: input.text("holdfast-image") ?? `holdfast:${house.version}`,
    stateDirectory: house.stateDirectory,
    engineSocket: socketOf(house.environment["DOCKER_HOST"]),
    settings: file === null ? null : { path: file, text: await readFile(file, "utf8") },
    vaultDirectories: Object.values(settings.vaults).flatMap(({ path }) => (path === undefined ? [] : [resolve(settings.directory, path)])),
  }
}

function targetOf(text: string | null): Exclude<Target, "pins"> | null {
  if (text === null || text === "vendor" || text === "holdfast") return text
  throw usage(`--target is vendor or holdfast, not "${text}"`)
}

function imageOf(text: string): [string, string] {
  const at = text.indexOf("=")
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  throw usage(`--image takes SERVICE=REFERENCE, not "${text}"`)
}

function socketOf(host: string | undefined): string {
  return host?.startsWith("unix://") === true ? host.slice("unix://".length) : "/var/run/docker.sock"
}

function planDocument(plan: AdoptPlan): AdoptPlanOutput {
  const { app, vault, target, startingPoint, running, release } = plan
  return {
    format: "holdfast.adopt-plan",
    version: 1,
    app,
    vault,
    target,
    startingPoint,
    running,
    release: release.version,
    foundIn: release.foundIn,
    checks: plan.checks.map((check) => ({ ...check })),
    secrets: plan.secrets.map(({ name, path, act }) => ({ name, path, act })),
    edits: plan.edits.map(({ path, before, after }) => ({ path, diff: fileDifference(path, before, after) })),
    images: Object.fromEntries(Object.entries(plan.wanted).map(([service, image]) => [service, { ...image }])),
    beside: [...plan.beside],
    anew: [...plan.anew],
    warnings: [...plan.warnings],
  }
}

const STARTING_POINTS = {
  "not-defined": "the compose files define no updater; it is put in",
  defined: "the compose files define an updater that was never started",
  "half-defined": "the compose files define half an updater",
} as const

function planLines(plan: AdoptPlan): readonly string[] {
  const { release, startingPoint, anew, beside } = plan
  const images = Object.entries(plan.wanted).map(([service, { repository, digest }]) => [service, `${repository}@${digest}`])
  return [
    plan.target === "pins"
      ? `pin the images of ${plan.app} to what runs (${plan.running ?? "version not told"})`
      : `adopt ${plan.app}: ${plan.running ?? "version not told"} becomes ${release.version}, updates by ${plan.target === "vendor" ? "the vendor's updater" : "Holdfast"}`,
    ...(startingPoint === null ? [] : [startingLine(startingPoint, plan.target)]),
    "",
    ...checkLines(plan),
    "",
    `first: a recovery point into vault ${plan.vault}, read back to its last byte and pinned`,
    ...plan.secrets.map((change) => `secrets: ${secretLine(change)}`),
    ...(beside.length === 0 ? [] : [`then: start ${beside.join(" and ")}, while the app runs`]),
    `then: stop ${anew.join(", ")}, start ${anew.length === 1 ? "it" : "them"} on the pinned image, check; if that is not well, everything goes back by itself`,
    "",
    ...renderTable([{ title: "SERVICE" }, { title: "IMAGE" }], images),
    "",
    ...plan.edits.flatMap(({ path, before, after }) => fileDifference(path, before, after).trimEnd().split("\n")),
    ...plan.warnings.map((warning) => `note: ${warning}`),
  ]
}

function startingLine(point: keyof typeof STARTING_POINTS, target: AdoptPlan["target"]): string {
  if (point !== "defined") return STARTING_POINTS[point]
  return `${STARTING_POINTS[point]}; ${target === "holdfast" ? "Holdfast takes its place" : "what it needs is filled in"}`
}

function secretLine({ act, path, mode }: AdoptPlan["secrets"][number]): string {
  const to = `0${mode.toString(8)}`
  return {
    make: `make ${path} (${to})`,
    mode: `change the mode of ${path} to ${to}`,
    "make-directory": `make the folder ${path} (${to})`,
    "directory-mode": `let nobody else into ${path} (${to})`,
  }[act]
}

function checkLines({ checks }: AdoptPlan): readonly string[] {
  const rows = checks.map(({ name, expected, found, good }) => [
    good ? "as expected" : "SURPRISE",
    name,
    found,
    good ? "" : `expected ${expected}`,
  ])
  return renderTable([{ title: "CHECK" }, { title: "" }, { title: "FOUND" }, { title: "" }], rows)
}

/** What is put back is what was there; nothing of it can be chosen. */
function refuseChoices(input: CommandInput): void {
  const told = [
    ...["target", "release", "channel", "key", "holdfast-image"].filter((name) => input.text(name) !== null),
    ...(input.list("image").length > 0 ? ["image"] : []),
    ...(input.flag("any-version") ? ["any-version"] : []),
  ]
  if (told.length > 0) throw usage(`--undo puts back what was there before; it takes no ${told.map((name) => `--${name}`).join(", ")}`)
}

async function runUndo(house: CliHouse, input: CommandInput, subject: Subject): Promise<CommandResult> {
  const tools = await adoptTools(house)
  const undoing = await planAdoptUndo(tools, subject, subject.ctx)
  const { plan } = undoing
  if (input.flag("plan")) return { document: undoPlanDocument(plan), lines: undoLines(plan) }
  await confirm(house, { plan: undoLines(plan), question: `Undo the adoption of ${plan.app}?`, given: input.flag("yes") })
  const report = await undoAdopt(tools, subject, undoing, house.command, house.base())
  const document: AdoptUndoOutput = { format: "holdfast.adopt-undo", version: 1, ...report, warnings: [...report.warnings] }
  return {
    document,
    lines: [
      `undid ${report.undone}: ${plan.app} runs ${plan.to ?? "what ran before"} again, down for ${formatDuration(report.downtimeMs)}`,
      ...(report.safetyPoint === null ? [] : [`the newer database is in the safety point ${report.safetyPoint}`]),
      ...report.warnings.map((warning) => `note: ${warning}`),
    ],
  }
}

function undoPlanDocument(plan: AdoptUndoPlan): AdoptUndoPlanOutput {
  return {
    format: "holdfast.adopt-undo-plan",
    version: 1,
    ...plan,
    files: plan.files.map((file) => ({ ...file })),
    secrets: [...plan.secrets],
    services: [...plan.services],
    volumes: [...plan.volumes],
    databases: plan.databases.map((one) => ({ ...one })),
    rowsLost: plan.rowsLost.map((one) => ({ ...one })),
    warnings: [...plan.warnings],
  }
}

function undoLines(plan: AdoptUndoPlan): readonly string[] {
  const lost = plan.rowsLost.map(({ database, table, rows }) => [database, table, `+${rows}`])
  return [
    `undo the adoption ${plan.undoes} of ${plan.app}: ${plan.from} becomes ${plan.to ?? "what ran before"} again`,
    ...plan.files.filter(({ state }) => state !== "nothing kept").map(({ path }) => `puts back ${path}`),
    ...plan.secrets.map((path) => `removes ${path}, which the adoption made`),
    ...(plan.services.length === 0 ? [] : [`removes ${plan.services.join(" and ")}`]),
    ...plan.databases.map((one) => databaseLine(one, plan.point)),
    ...(plan.volumes.length === 0 ? [] : [`leaves the volumes ${plan.volumes.join(", ")}: they hold what the updater wrote`]),
    ...(lost.length === 0
      ? []
      : [
          "",
          "written since, and lost to the running database (a safety point of it is taken first):",
          ...renderTable([{ title: "DATABASE" }, { title: "TABLE" }, { title: "ROWS", right: true }], lost),
        ]),
    ...plan.warnings.map((warning) => `note: ${warning}`),
  ]
}

function databaseLine({ database, before, now, moved }: AdoptUndoPlan["databases"][number], point: string | null): string {
  if (!moved) return `database ${database} stays: its schema is still ${now ?? "what it was"}`
  return `database ${database} comes back from ${point ?? "the point"}: its schema was ${before ?? "unknown"} and is ${now ?? "unknown"} now`
}
