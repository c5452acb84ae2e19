import { dirname } from "node:path"
import type { App, DatabaseSource } from "../app/app.ts"
import { mountIdentity } from "../app/tree/mounts.ts"
import { schemaQueries } from "../app/schema-queries.ts"
import type { Json } from "../base/canonical-json.ts"
import { HoldfastError, isHoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { rowsAddedSince } from "../recovery-point/facts.ts"
import type { ManifestPart } from "../recovery-point/manifest.ts"
import { highestProof } from "../recovery-point/recovery-point.ts"
import { addUpSpace, refuseLackOfSpace } from "./free-space.ts"
import { databaseSource } from "./replacement.ts"
import { partsToRestore } from "./choose-tables.ts"
import { toRestore, type RestoreOptions } from "./options.ts"
import { lookAtTables, requireSwap, type PlannedTable } from "./plan-tables.ts"
import type { RestoreTools } from "./ports.ts"
import type { Origin } from "./stage.ts"
import { refuseSessions, standstillOf } from "./unstoppable.ts"
import { isThere } from "./what-is-left.ts"

/** What a restore in place will do, computed before anything changes: printed, confirmed, then applied. */
export interface RestorePlan {
  readonly app: string
  readonly point: string
  readonly vault: string
  readonly takenAt: string
  readonly proof: string | null
  readonly replaces: readonly PlannedReplacement[]
  /** Where only tables are restored: their rows now and in the point, and which tables refer to them. */
  readonly tables: readonly PlannedTable[]
  readonly stops: readonly string[]
  /** Rows written since the point that the restored state will not have, by table. */
  readonly rowsLost: readonly { readonly database: string; readonly table: string; readonly rows: number }[]
  readonly space: readonly { readonly where: string; readonly neededBytes: number; readonly freeBytes: number }[]
  /** Duration of the last drill or restore of this app; null when there was none. */
  readonly expectedMs: number | null
  readonly keptForMs: number
  readonly warnings: readonly string[]
}

export interface PlannedReplacement {
  readonly part: string
  readonly target: string
  readonly sizeBytes: number
}

/** Computes the plan. Throws SPACE_MISSING, DATABASE_IN_USE, DATABASE_RENAME_REFUSED when it cannot be carried out. */
export async function planRestore(
  tools: RestoreTools,
  app: App,
  origin: Origin,
  options: RestoreOptions,
  ctx: RunContext,
): Promise<RestorePlan> {
  const { manifest } = origin.point
  const { parts, tables } = partsToRestore(origin, options)
  await refuseUnmounted(app, parts)
  // The live database is copied as well where only tables are restored.
  const space = await spaceFor(
    app,
    parts.map((part) => (tables.length === 0 ? part : { ...part, sizeBytes: 2 * part.sizeBytes })),
  )
  refuseLackOfSpace(space)
  const stops = await plannedStops(tools, app, parts, ctx)
  const databases = tables.length === 0 ? await lookAtDatabases(tools, app, parts, ctx) : await lookAtTables(tools, app, tables, ctx)
  const proof = highestProof((await tools.store.proofs(app.name)).filter((one) => one.point === manifest.id))
  return {
    app: app.name,
    point: manifest.id,
    vault: origin.vault.location.name,
    takenAt: manifest.startedAt,
    proof: proof === null ? null : `${proof.level} ${proof.at.toISOString()}`,
    replaces: parts.map((part) => ({ part: part.part, target: targetOf(app, part), sizeBytes: part.sizeBytes })),
    tables: databases.tables,
    stops,
    rowsLost: databases.rowsLost,
    space,
    expectedMs: await lastDuration(tools, app),
    keptForMs: options.keepMs,
    warnings: [...databases.warnings, ...(await missingTrees(app, parts)), ...programWarnings(app, origin, options)],
  }
}

function targetOf(app: App, part: ManifestPart): string {
  if (part.kind === "files") return app.files.find((source) => source.name === part.name)?.place.path ?? part.source
  if (part.kind === "image") return part.reference
  if (part.kind === "database") return describe(databaseSource(app, part.name))
  return part.paths.map((path) => path.path).join(", ")
}

function describe(source: DatabaseSource): string {
  if (source.engine === "postgres") return `database ${source.database}${source.service === null ? "" : ` of service ${source.service}`}`
  return source.engine === "sqlite" ? source.place.path : `database ${source.name}`
}

async function lookAtDatabases(tools: RestoreTools, app: App, parts: readonly ManifestPart[], ctx: RunContext) {
  const rowsLost: { database: string; table: string; rows: number }[] = []
  const warnings: string[] = []
  for (const part of parts) {
    if (part.kind !== "database") continue
    const source = databaseSource(app, part.name)
    const engine = tools.databases.for(source)
    try {
      const inspection = await engine.inspect(source, ctx)
      requireSwap(part.part, inspection)
      const now = await engine.facts(source, null, schemaQueries(app, source), ctx)
      rowsLost.push(...rowsAddedSince(part.facts.rows, now.rows).map((change) => ({ database: part.name, ...change })))
      warnings.push(...schemaWarnings(app, part.facts.schemaVersion, now.schemaVersion))
    } catch (thrown) {
      if (!isHoldfastError(thrown) || thrown.code === "DATABASE_RENAME_REFUSED") throw thrown
      // A server that answers can be given a new database, however broken the old one is; one that does not cannot.
      await engine.sessions(source, ctx)
      if (thrown.code === "DATABASE_MISSING") warnings.push(nothingThere(part.part))
      else warnings.push(`what would be lost is unknown: ${part.part} cannot be read (${thrown.message})`)
    }
  }
  return { rowsLost, warnings, tables: [] }
}

/** What is restored under a disk that is missing is hidden as soon as the disk is back (F81). */
async function refuseUnmounted(app: App, parts: readonly ManifestPart[]): Promise<void> {
  for (const source of app.files) {
    if (!source.mustBeMounted || !parts.some((part) => part.kind === "files" && part.name === source.name)) continue
    if ((await isThere(source.place.path)) && (await mountIdentity(source.place.path)).isMountPoint) continue
    throw new HoldfastError("SOURCE_NOT_MOUNTED", { what: `files:${source.name}: nothing is mounted at ${source.place.path}` })
  }
}

/** Trees that were deleted; databases say so when they are looked at. */
async function missingTrees(app: App, parts: readonly ManifestPart[]): Promise<readonly string[]> {
  const missing: string[] = []
  for (const part of parts) if (part.kind === "files" && !(await isThere(targetOf(app, part)))) missing.push(nothingThere(part.part))
  return missing
}

function nothingThere(part: string): string {
  return `${part} does not exist: it is made anew, and there is nothing to keep beside`
}

function schemaWarnings(app: App, then: string | null, now: string | null): readonly string[] {
  if (then === now) return []
  const again = app.recipe?.migratesAtStart === true ? "; the running program will apply its migrations again when it starts" : ""
  return [`the schema goes from version ${now ?? "unknown"} back to ${then ?? "unknown"}${again}`]
}

function programWarnings(app: App, origin: Origin, options: RestoreOptions): readonly string[] {
  const imported =
    origin.point.manifest.trigger === "import" ? ["this point was imported: nothing is known of the program that wrote it"] : []
  const restored = origin.point.manifest.parts.filter((part) => toRestore(options, part.part)).map((part) => part.kind)
  const alone = restored.includes("database") !== restored.includes("files") && app.files.length > 0 && app.databases.length > 0
  const orphans = alone && app.recipe?.deletesOrphans === true
  return [
    ...imported,
    ...(orphans ? [`${app.name} deletes files that no row names: restore database and files of one point together`] : []),
    ...(origin.point.manifest.trigger !== "import" && !options.withImages
      ? ["images and configuration stay as they are (--with images brings the point's own back)"]
      : []),
  ]
}

/** Stopping is planned from what runs; an app that cannot be stopped must have no other sessions. */
async function plannedStops(tools: RestoreTools, app: App, parts: readonly ManifestPart[], ctx: RunContext): Promise<readonly string[]> {
  await refuseSessions(tools, app, databasesIn(parts), ctx)
  const standstill = await standstillOf(tools, app, ctx)
  return standstill.byCommand ? ["run.stop"] : standstill.services.map((service) => service.service)
}

function databasesIn(parts: readonly ManifestPart[]): readonly string[] {
  return parts.flatMap((part) => (part.kind === "database" ? [part.name] : []))
}

/** Old and new state lie side by side until the swap, so each file system needs room for all that is new on it. */
export async function spaceFor(app: App, parts: readonly ManifestPart[]): Promise<RestorePlan["space"]> {
  const needs = parts.flatMap((part) => {
    const place = placeOf(app, part)
    return place === null ? [] : [{ place, bytes: part.sizeBytes }]
  })
  return await addUpSpace(needs)
}

function placeOf(app: App, part: ManifestPart): string | null {
  // The tree itself, not what is around it: what is staged for a mount point lies inside it.
  if (part.kind === "files") return targetOf(app, part)
  if (part.kind !== "database") return null
  const source = databaseSource(app, part.name)
  return source.engine === "sqlite" ? dirname(source.place.path) : null
}

async function lastDuration(tools: RestoreTools, app: App): Promise<number | null> {
  const operations = await tools.store.operations({ app: app.name, limit: 200 })
  const last = operations.find(
    (one) => (one.kind === "restore" || one.kind === "drill") && one.outcome === "succeeded" && one.finishedAt !== null,
  )
  return last?.finishedAt ? last.finishedAt.getTime() - last.startedAt.getTime() : null
}

export function planToJson(plan: RestorePlan): Json {
  return {
    ...plan,
    replaces: plan.replaces.map((one) => ({ ...one })),
    tables: plan.tables.map((one) => ({ ...one, referredBy: [...one.referredBy] })),
    rowsLost: plan.rowsLost.map((one) => ({ ...one })),
    space: plan.space.map((one) => ({ ...one })),
  }
}
