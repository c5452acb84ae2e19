/** The database of before an adoption, where the new version migrated it: an older program may not run on a newer schema (C149, C150). */
import type { LocatedApp } from "../app/locate.ts"
import type { DatabaseSource } from "../app/app.ts"
import { schemaQueries } from "../app/schema-queries.ts"
import type { RunContext } from "../base/run-context.ts"
import type { DatabasePart } from "../recovery-point/manifest.ts"
import { recordKept } from "../restore/kept.ts"
import type { Origin } from "../restore/origin.ts"
import { databaseSource, swapIn, type Replacement } from "../restore/replacement.ts"
import { stageDatabase } from "../restore/stage.ts"
import type { AdoptTools } from "./ports.ts"
import type { Prepared } from "./prepared.ts"

export interface SchemaNow {
  readonly database: string
  /** In the point. */
  readonly before: string | null
  readonly now: string | null
  /** The schema is another than that of the point, so that the database has to come back with the program. */
  readonly moved: boolean
}

type DatabaseReplacement = Extract<Replacement, { kind: "database" }>

/** What the point says of each database's schema, and what the live one says now. Throws what asking the databases throws. */
export async function schemasNow(tools: AdoptTools, app: LocatedApp, origin: Origin, ctx: RunContext): Promise<readonly SchemaNow[]> {
  const found: SchemaNow[] = []
  for (const part of databaseParts(origin)) {
    const source = databaseSource(app, part.name)
    const queries = schemaQueries(app, source)
    if (queries === null) continue
    const { schemaVersion, migrations } = await tools.databases.for(source).facts(source, null, queries, ctx)
    found.push({
      database: part.name,
      before: part.facts.schemaVersion,
      now: schemaVersion,
      moved: isOther({ version: part.facts.schemaVersion, migrations: part.facts.migrations }, { version: schemaVersion, migrations }),
    })
  }
  return found
}

/** Two lists of migrations tell more than their highest number: one in the middle may have come late. */
export function isOther(
  before: { readonly version: string | null; readonly migrations: readonly string[] },
  now: { readonly version: string | null; readonly migrations: readonly string[] },
): boolean {
  if (before.migrations.length > 0 && now.migrations.length > 0) return before.migrations.join("\n") !== now.migrations.join("\n")
  return before.version !== now.version
}

function databaseParts({ point }: Origin): readonly DatabasePart[] {
  return point.manifest.parts.filter((part): part is DatabasePart => part.kind === "database")
}

/**
 * Names where the databases come to lie; the same for one operation each time.
 * @param moved databases that have to come back; those that an earlier try brought back already are found by what exists
 */
export async function databaseReplacements(
  tools: AdoptTools,
  app: LocatedApp,
  origin: Origin,
  moved: readonly string[],
  ctx: RunContext,
): Promise<readonly DatabaseReplacement[]> {
  const replacements: DatabaseReplacement[] = []
  for (const part of databaseParts(origin)) {
    const source: DatabaseSource = databaseSource(app, part.name)
    const engine = tools.databases.for(source)
    const names = engine.planNames(source, ctx.operationId)
    const isBack = !moved.includes(part.name) && (await engine.observe(source, names, ctx)).kept
    if (moved.includes(part.name) || isBack) replacements.push({ kind: "database", part: part.part, source: part.name, names })
  }
  return replacements
}

/** Restores beside, the live ones untouched; what an earlier try left is dropped first. */
export async function stageDatabases(
  tools: AdoptTools,
  app: LocatedApp,
  origin: Origin,
  replacements: readonly DatabaseReplacement[],
  ctx: RunContext,
): Promise<void> {
  for (const part of databaseParts(origin)) {
    const replacement = replacements.find((one) => one.part === part.part)
    if (replacement === undefined) continue
    const source = databaseSource(app, part.name)
    const engine = tools.databases.for(source)
    if ((await engine.observe(source, replacement.names, ctx)).kept) continue
    await engine.drop(source, replacement.names.staged, ctx)
    await stageDatabase(tools, app, origin, part, replacement, ctx)
  }
}

/** The old ones are live, the newer ones are kept beside for `holdfast undo`. Repeating it is harmless. */
export async function swapDatabases(
  tools: AdoptTools,
  app: LocatedApp,
  origin: Origin,
  replacements: readonly DatabaseReplacement[],
  { standstill }: Pick<Prepared, "standstill">,
  kept: { readonly until: Date; readonly safetyPoint: string | null },
  ctx: RunContext,
): Promise<void> {
  if (replacements.length === 0) return
  for (const replacement of replacements) await swapIn(tools, app, replacement, ctx)
  const state = { replacements, standstill, safetyPoint: kept.safetyPoint, point: origin.point.manifest.id, wellBefore: false }
  await recordKept(tools, origin.vault, app, state, kept.until, ctx)
}
