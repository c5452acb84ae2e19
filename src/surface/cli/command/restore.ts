import { formatBytes, formatDuration } from "../../../base/units.ts"
import type { RestoreOutput } from "../../../contract/output.ts"
import {
  chooseTables,
  plainRestore,
  planRestore,
  restoreInPlace,
  restoreInto,
  restoreTablesInto,
  type RestoreOptions,
  type RestorePlan,
} from "../../../restore/restore.ts"
import type { CommandResult, CommandRun } from "../command-spec.ts"
import { confirm } from "../confirm.ts"
import type { CliHouse } from "../cli-house.ts"
import { usage, type CommandInput } from "../input.ts"
import { renderTable } from "../render/table.ts"
import { isDatabaseAddress, runIntoDatabase } from "../restore-into-url.ts"
import { openSubject, pointOf, type Subject } from "../../house/subject.ts"
import { shownPart } from "../../house/part-name.ts"
import { selectionOf } from "../selection.ts"

/** `holdfast restore` */
export const run: CommandRun = async (house, input) => {
  refuseMixed(input)
  const subject = await openSubject(house, selectionOf(input), { create: false })
  const into = input.text("into")
  if (into !== null && isDatabaseAddress(into)) {
    if (input.text("path") !== null) throw usage("--path needs --into DIRECTORY")
    return await runIntoDatabase(house, subject, input, (part) => isWanted(part, input.list("only"), false))
  }
  if (into !== null) return await runInto(subject, input)
  if (input.text("path") !== null) throw usage("--path needs --into DIRECTORY: single files are put beside, never over live ones")
  const point = await pointOf(subject, selectionOf(input))
  const options = optionsOf(input)
  const origin = { vault: subject.vault, point }
  const plan = await planRestore(subject.tools, subject.app, origin, options, subject.ctx)
  if (input.flag("plan")) return { document: planDocument(plan), lines: planLines(plan, house) }
  await confirmPlan(house, input, plan, options)
  const report = await restoreInPlace(subject.tools, subject, origin, plan, options, house.command, house.base())
  const document: RestoreOutput = {
    format: "holdfast.restore",
    version: 1,
    ...report,
    keptUntil: report.keptUntil.toISOString(),
    parts: [...report.parts],
    warnings: [...report.warnings],
  }
  return {
    document,
    lines: [
      `restored ${report.point}: ${report.parts.map(shownPart).join(", ")} in ${formatDuration(report.durationMs)}, down for ${formatDuration(report.downtimeMs)}`,
      report.safetyPoint === null
        ? "no safety point was taken (the warnings say why); what was replaced is kept beside"
        : `safety point before it: ${report.safetyPoint}`,
      `undo until ${report.keptUntil.toISOString()}: holdfast undo ${report.operationId}`,
      ...report.warnings.map((warning) => `warning: ${warning}`),
    ],
  }
}

async function runInto(subject: Subject, input: CommandInput): Promise<CommandResult> {
  const directory = input.text("into") ?? ""
  const point = await pointOf(subject, selectionOf(input))
  const only = input.list("only")
  const wantedParts = point.manifest.parts.filter((part) => isWanted(part.part, only, input.text("path") !== null))
  const origin = { vault: subject.vault, point }
  const tables = input.list("table")
  const written =
    tables.length === 0
      ? await restoreInto(origin, subject.app, wantedParts, directory, input.text("path"), subject.ctx)
      : await restoreTablesInto(subject.tools, origin, subject.app, chooseTables(wantedParts, tables), directory, subject.ctx)
  const rows = written.map((part) => [part.part, part.path, formatBytes(part.sizeBytes)])
  return {
    document: { format: "holdfast.restore-into", version: 1, point: point.manifest.id, files: written.map((part) => ({ ...part })) },
    lines: [
      `wrote ${point.manifest.id} beside, nothing live was touched`,
      "",
      ...renderTable([{ title: "PART" }, { title: "WHERE" }, { title: "SIZE", right: true }], rows),
    ],
  }
}

/** A table is of a database; the other ways to say less than everything are of files or of the program. */
function refuseMixed(input: CommandInput): void {
  if (input.list("table").length === 0) return
  if (input.text("path") !== null) throw usage("--table is for databases and --path for files: one at a time")
  if (input.list("with").length > 0) throw usage("--table brings rows back into the running program's tables: --with does not go with it")
}

function isWanted(part: string, only: readonly string[], filesOnly: boolean): boolean {
  const kind = part.split(":")[0] ?? part
  if (only.length === 0) return filesOnly ? kind === "files" : true
  return only.some((name) => name === part || name === kind || name === `${kind}s`)
}

function optionsOf(input: CommandInput): RestoreOptions {
  const only = input.list("only")
  const extra = input.list("with")
  const unknown = extra.find((name) => name !== "images")
  if (unknown !== undefined) throw usage(`--with takes images, not "${unknown}"`)
  return {
    only: only.length === 0 ? null : only,
    tables: input.list("table"),
    withImages: extra.includes("images"),
    unproven: input.flag("unproven"),
    keepMs: input.durationMs("keep") ?? plainRestore.keepMs,
  }
}

/** Skipping the reading of a point is confirmed by the app's name; everything else by yes. */
async function confirmPlan(house: CliHouse, input: CommandInput, plan: RestorePlan, options: RestoreOptions): Promise<void> {
  const base = { plan: planLines(plan, house), question: `Restore ${plan.point} of ${plan.app}?`, given: input.flag("yes") }
  await confirm(house, options.unproven ? { ...base, word: plan.app, givenWord: input.text("confirm") } : base)
}

function planDocument(plan: RestorePlan): CommandResult["document"] {
  return {
    format: "holdfast.restore-plan",
    version: 1,
    ...plan,
    replaces: plan.replaces.map((one) => ({ ...one })),
    tables: plan.tables.map((one) => ({ ...one, referredBy: [...one.referredBy] })),
    rowsLost: plan.rowsLost.map((one) => ({ ...one })),
    space: plan.space.map((one) => ({ ...one })),
  }
}

function planLines(plan: RestorePlan, house: CliHouse): readonly string[] {
  const ageMs = house.clock.now().getTime() - new Date(plan.takenAt).getTime()
  const replaced = plan.replaces.map((one) => [shownPart(one.part), one.target, formatBytes(one.sizeBytes)])
  const lost = plan.rowsLost.map((one) => [one.database, one.table, `+${one.rows}`])
  return [
    `restore ${plan.point} (taken ${formatDuration(ageMs)} ago) from vault ${plan.vault}`,
    `proof: ${plan.proof ?? "none yet; it is read back before anything is touched"}`,
    plan.stops.length === 0 ? "stops nothing" : `stops: ${plan.stops.join(", ")}`,
    `expected: ${plan.expectedMs === null ? "unknown, there was no drill or restore yet" : formatDuration(plan.expectedMs)}`,
    `the replaced state is kept for ${formatDuration(plan.keptForMs)}, and a safety point is taken first`,
    "",
    ...(plan.tables.length === 0
      ? renderTable([{ title: "REPLACES" }, { title: "WHERE" }, { title: "SIZE", right: true }], replaced)
      : tableLines(plan)),
    ...(lost.length === 0
      ? []
      : [
          "",
          "written since the point, and not in it:",
          ...renderTable([{ title: "DATABASE" }, { title: "TABLE" }, { title: "ROWS", right: true }], lost),
        ]),
    ...plan.warnings.map((warning) => `warning: ${warning}`),
  ]
}

/** The rest of the database stays as it is, by way of a copy that is swapped in. */
function tableLines(plan: RestorePlan): readonly string[] {
  const columns = [
    { title: "REPLACES ROWS OF" },
    { title: "NOW", right: true },
    { title: "IN THE POINT", right: true },
    { title: "REFERRED TO BY" },
  ] as const
  const rows = plan.tables.map((one) => [
    `${one.database}: ${one.table}`,
    String(one.rowsNow),
    String(one.rowsInPoint),
    one.referredBy.join(", ") || "–",
  ])
  return [...renderTable(columns, rows), "every other table stays as it is; triggers do not run, foreign keys are checked"]
}
