import { resolve } from "node:path"
import { counted, formatBytes } from "../../../base/units.ts"
import type { SalvageOutput } from "../../../contract/output-points.ts"
import type { DatabasePart } from "../../../recovery-point/manifest.ts"
import { salvage, type SalvageReport } from "../../../restore/salvage.ts"
import type { CommandRun } from "../command-spec.ts"
import type { CliHouse } from "../cli-house.ts"
import { inputWith, usage, type CommandInput } from "../input.ts"
import { openPoints } from "../../house/point-subject.ts"
import { renderTable } from "../render/table.ts"
import { lookingContext } from "../../house/subject.ts"
import { selectionOf } from "../selection.ts"

/** `holdfast salvage` */
export const run: CommandRun = async (house, input) => {
  const into = input.text("into")
  const lastGood = await lastGoodPart(house, input)
  const options = { into: into === null ? null : resolve(house.cwd, into), lastGoodRows: lastGood?.part.facts.rows ?? null }
  const file = resolve(house.cwd, input.required("file"))
  const report = await salvage(await house.use.salvager(), file, options, lookingContext(house))
  const document: SalvageOutput = {
    format: "holdfast.salvage",
    version: 1,
    ...report,
    comparedWith: lastGood?.point ?? null,
    damage: [...report.damage],
    tables: report.tables.map((table) => ({ ...table })),
    warnings: [...report.warnings],
  }
  return { document, lines: linesOf(report, lastGood?.point ?? null) }
}

/** The database of the newest point that has it, to tell what is missing from the result; null when no app is named. */
async function lastGoodPart(house: CliHouse, input: CommandInput): Promise<{ point: string; part: DatabasePart } | null> {
  const app = input.text("app")
  if (app === null) {
    if (input.text("database") !== null) throw usage("--database needs --app")
    return null
  }
  const subject = await openPoints(house, selectionOf(inputWith(input, { arguments: { app } })))
  const { manifest } = await subject.point(input.text("point"))
  const wanted = input.text("database")
  const parts = manifest.parts.filter((part) => part.kind === "database").filter((part) => part.engine === "sqlite")
  const fitting = wanted === null ? parts : parts.filter((part) => part.name === wanted)
  const [part] = fitting
  if (part !== undefined && fitting.length === 1) return { point: manifest.id, part }
  const names = parts.map((candidate) => candidate.name).join(", ")
  throw usage(`${manifest.id} has ${names === "" ? "no SQLite database" : `the SQLite databases ${names}: say which with --database`}`)
}

function linesOf(report: SalvageReport, point: string | null): readonly string[] {
  const rows = report.tables.map(({ table, rows: saved, lastGood }) => [table, String(saved), lastGood === null ? "" : String(lastGood)])
  const how = report.method === "whole" ? "it is whole once its log is replayed" : "it is damaged; what could be read was read"
  return [
    `${report.file}: ${how}`,
    `saved as ${report.salvaged}; the file itself was not touched (log: ${formatBytes(report.logBytes)})`,
    ...report.damage.slice(0, 5).map((line) => `damage: ${line}`),
    "",
    ...renderTable(
      [{ title: "TABLE" }, { title: "SAVED", right: true }, { title: point === null ? "" : `IN ${point}`, right: true }],
      rows,
    ),
    ...(report.lostAndFound === 0 ? [] : [`${counted(report.lostAndFound, "row")} whose table could not be told are in lost_and_found`]),
    ...report.warnings.map((warning) => `warning: ${warning}`),
  ]
}
