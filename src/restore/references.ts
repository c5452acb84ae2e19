import { lstat } from "node:fs/promises"
import type { App, DatabaseSource } from "../app/app.ts"
import { safeJoin } from "../app/tree/safe-join.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { counted } from "../base/units.ts"
import type { Recipe } from "../app/recipe.ts"
import { hasColumn, type RowQueries } from "./has-column.ts"

export interface ReferenceReport {
  readonly checked: number
  readonly missing: readonly string[]
  readonly wrongSize: readonly string[]
  /** Paths that do not begin with the prefix that the program uses: it would take every such file for an orphan. */
  readonly foreignPrefix: readonly string[]
}

type Reference = Recipe["fileReferences"][number]

export interface ReferencePlace {
  readonly source: DatabaseSource
  /** Name of the database beside the live one, or null for the live one. */
  readonly database: string | null
  /** Directory by name of the file tree. */
  readonly trees: Readonly<Record<string, string>>
}

/** Follows every column that the recipe names from the rows to the files (design §7, step 5); a column that the point's schema does not have is passed over. */
export async function checkReferences(
  engines: RowQueries,
  app: App,
  place: ReferencePlace,
  ctx: RunContext,
): Promise<readonly { reference: Reference; report: ReferenceReport }[]> {
  const references = app.recipe?.fileReferences.filter((reference) => reference.database === place.source.name) ?? []
  const reports = []
  for (const reference of references) {
    const root = place.trees[reference.files]
    if (root === undefined || !(await hasColumn(engines, place, reference, ctx))) continue
    reports.push({ reference, report: await followColumn(engines, place, reference, root, ctx) })
  }
  return reports
}

async function followColumn(
  engines: RowQueries,
  place: ReferencePlace,
  reference: Reference,
  root: string,
  ctx: RunContext,
): Promise<ReferenceReport> {
  const rows = await engines.for(place.source).query(place.source, place.database, referenceQuery(reference), ctx)
  const report = { checked: 0, missing: [] as string[], wrongSize: [] as string[], foreignPrefix: [] as string[] }
  for (const [path, size] of rows) {
    if (path === null || path === undefined || path === "") continue
    report.checked += 1
    const relative = insideOf(reference.prefix, path)
    if (relative === null) {
      report.foreignPrefix.push(path)
      continue
    }
    const sizeBytes = await sizeOf(root, relative)
    if (sizeBytes === null) report.missing.push(path)
    else if (size !== null && size !== undefined && Number(size) !== sizeBytes) report.wrongSize.push(path)
  }
  return report
}

/** What comes after the prefix, which ends where a name ends: `/data/uploads2/a` is not below `/data/uploads`. */
function insideOf(prefix: string, path: string): string | null {
  if (!path.startsWith(prefix)) return null
  const rest = path.slice(prefix.length)
  if (prefix !== "" && !prefix.endsWith("/") && !rest.startsWith("/")) return null
  return rest.replace(/^\/+/, "")
}

function referenceQuery(reference: Reference): string {
  const size = reference.sizeColumn === undefined ? "null" : `cast(${quoted(reference.sizeColumn)} as text)`
  return `select cast(${quoted(reference.column)} as text), ${size} from ${quoted(reference.table)} where ${quoted(reference.column)} is not null`
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

async function sizeOf(root: string, relative: string): Promise<number | null> {
  try {
    return (await lstat(safeJoin(root, relative))).size
  } catch (thrown) {
    if (thrown instanceof HoldfastError || (thrown instanceof Error && "code" in thrown)) return null
    throw thrown
  }
}

/** Broken references in words; throws REFERENCES_BROKEN when the program would delete files because of a foreign prefix. */
export function judgeReferences(app: App, reports: readonly { reference: Reference; report: ReferenceReport }[]): readonly string[] {
  const warnings: string[] = []
  for (const { reference, report } of reports) {
    const column = `${reference.table}.${reference.column}`
    if (report.foreignPrefix.length > 0 && app.recipe?.deletesOrphans === true && reference.required) {
      throw new HoldfastError("REFERENCES_BROKEN", {
        what: `${report.foreignPrefix.length} paths in ${column} do not begin with ${reference.prefix}`,
        why: `${app.name} would delete their files as orphans, for example ${report.foreignPrefix[0] ?? ""}`,
      })
    }
    if (report.foreignPrefix.length > 0) {
      warnings.push(`${report.foreignPrefix.length} paths in ${column} do not begin with ${reference.prefix} and were not looked for`)
    }
    if (report.missing.length > 0)
      warnings.push(
        `${report.missing.length} of ${counted(report.checked, "file")} named in ${column} are missing, for example ${report.missing[0] ?? ""}`,
      )
    if (report.wrongSize.length > 0)
      warnings.push(
        `${counted(report.wrongSize.length, "file")} named in ${column} ${report.wrongSize.length === 1 ? "has" : "have"} another size, for example ${report.wrongSize[0] ?? ""}`,
      )
  }
  return warnings
}
