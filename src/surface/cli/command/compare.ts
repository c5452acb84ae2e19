import { formatBytes } from "../../../base/units.ts"
import type { CompareOutput } from "../../../contract/output-points.ts"
import type { Manifest, ManifestPart } from "../../../recovery-point/manifest.ts"
import type { CommandRun } from "../command-spec.ts"
import { openPoints } from "../../house/point-subject.ts"
import { renderTable } from "../render/table.ts"
import { selectionOf } from "../selection.ts"

type ComparedPart = CompareOutput["parts"][number]

/** `holdfast compare` */
export const run: CommandRun = async (house, input) => {
  const { declared, point } = await openPoints(house, selectionOf(input))
  const from = (await point(input.required("from"))).manifest
  const to = (await point(input.argument("to"))).manifest
  const parts = compareParts(from, to)
  const document: CompareOutput = {
    format: "holdfast.compare",
    version: 1,
    app: declared.name,
    from: from.id,
    to: to.id,
    appVersion: { from: from.appVersion, to: to.appVersion },
    parts: [...parts],
  }
  return { document, lines: linesOf(from, to, parts) }
}

export function compareParts(from: Manifest, to: Manifest): readonly ComparedPart[] {
  const names = [...new Set([...from.parts, ...to.parts].map((part) => part.part))].toSorted()
  return names.map((name) => comparePart(name, partOf(from, name), partOf(to, name)))
}

function partOf(manifest: Manifest, name: string): ManifestPart | undefined {
  return manifest.parts.find((part) => part.part === name)
}

function comparePart(part: string, from: ManifestPart | undefined, to: ManifestPart | undefined): ComparedPart {
  return {
    part,
    same: from !== undefined && from.treeId === to?.treeId,
    sizeBytes: { from: from?.sizeBytes ?? null, to: to?.sizeBytes ?? null },
    files: { from: filesOf(from), to: filesOf(to) },
    schemaVersion: { from: schemaOf(from), to: schemaOf(to) },
    rows: [...differingRows(rowsOf(from), rowsOf(to))],
  }
}

function filesOf(part: ManifestPart | undefined): number | null {
  return part !== undefined && "files" in part ? part.files : null
}

function schemaOf(part: ManifestPart | undefined): string | null {
  return part?.kind === "database" ? part.facts.schemaVersion : null
}

function rowsOf(part: ManifestPart | undefined): Readonly<Record<string, number>> {
  return part?.kind === "database" ? part.facts.rows : {}
}

type Rows = Readonly<Record<string, number>>

function differingRows(from: Rows, to: Rows): ComparedPart["rows"] {
  const tables = [...new Set([...Object.keys(from), ...Object.keys(to)])].toSorted()
  return tables.map((table) => ({ table, from: from[table] ?? null, to: to[table] ?? null })).filter((row) => row.from !== row.to)
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
