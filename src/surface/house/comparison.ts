import type { CompareOutput } from "../../contract/output-points.ts"
import type { Manifest, ManifestPart } from "../../recovery-point/manifest.ts"

type ComparedPart = CompareOutput["parts"][number]

/** What the facts of two points of one app say. */
export function comparison(app: string, from: Manifest, to: Manifest): CompareOutput {
  return {
    format: "holdfast.compare",
    version: 1,
    app,
    from: from.id,
    to: to.id,
    appVersion: { from: from.appVersion, to: to.appVersion },
    parts: [...compareParts(from, to)],
  }
}

function compareParts(from: Manifest, to: Manifest): readonly ComparedPart[] {
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
