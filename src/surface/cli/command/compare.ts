import { formatBytes } from "../../../base/units.ts"
import type { CompareOutput } from "../../../contract/output-points.ts"
import type { Manifest } from "../../../recovery-point/manifest.ts"
import type { CommandRun } from "../command-spec.ts"
import { comparison } from "../../house/comparison.ts"
import { openPoints } from "../../house/point-subject.ts"
import { renderTable } from "../render/table.ts"
import { selectionOf } from "../selection.ts"

type ComparedPart = CompareOutput["parts"][number]

/** `holdfast compare` */
export const run: CommandRun = async (house, input) => {
  const { declared, point } = await openPoints(house, selectionOf(input))
  const from = (await point(input.required("from"))).manifest
  const to = (await point(input.argument("to"))).manifest
  const document = comparison(declared.name, from, to)
  return { document, lines: linesOf(from, to, document.parts) }
}

function linesOf(from: Manifest, to: Manifest, parts: readonly ComparedPart[]): readonly string[] {
  const head = `${from.id} → ${to.id}${from.appVersion === to.appVersion ? "" : `, version ${from.appVersion ?? "unknown"} → ${to.appVersion ?? "unknown"}`}`
  const rows = parts.flatMap((part) => [
    partRow(part),
    ...part.rows.map((row) => [`  ${row.table}`, `${show(row.from)} → ${show(row.to)} rows`, signed(row.from, row.to)]),
  ])
  return [head, "", ...renderTable([{ title: "PART" }, { title: "FROM → TO" }, { title: "CHANGE", right: true }], rows)]
}

function partRow(part: ComparedPart): readonly string[] {
  const { from, to } = part.sizeBytes
  const sizes = `${from === null ? "absent" : formatBytes(from)} → ${to === null ? "absent" : formatBytes(to)}`
  const schema =
    part.schemaVersion.from === part.schemaVersion.to
      ? ""
      : `, schema ${part.schemaVersion.from ?? "none"} → ${part.schemaVersion.to ?? "none"}`
  const files = part.files.from === part.files.to ? "" : `, files ${signed(part.files.from, part.files.to)}`
  return [part.part, sizes + schema, part.same ? "same content" : `changed${files}`]
}

function show(value: number | null): string {
  return value === null ? "absent" : String(value)
}

function signed(from: number | null, to: number | null): string {
  const change = (to ?? 0) - (from ?? 0)
  return change > 0 ? `+${change}` : String(change)
}
