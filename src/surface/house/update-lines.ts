import { counted, formatBytes, formatDuration } from "../../base/units.ts"
import type { RollbackPlanDocument, UpdatePlanDocument, UpdateReportDocument } from "../../contract/output-update.ts"

type Rehearsal = NonNullable<UpdatePlanDocument["rehearsal"]>
type SchemaChange = Rehearsal["schema"]

const LEVELS = {
  sealed: "sealed",
  read: "read back whole",
  restored: "restored in a drill",
  booted: "restored and started in a drill",
} as const

/** A plan for people, one line each; the same on the terminal and in the API. */
export function updatePlanLines(plan: UpdatePlanDocument, now: Date): readonly string[] {
  return [
    `updates ${plan.app} from ${plan.from.version ?? "a version that it does not tell"} to ${plan.to.version} (${sourceOf(plan)})`,
    ...(plan.hopsAfter.length === 0 ? [] : [`then to ${plan.hopsAfter.join(", ")}: each is planned, rehearsed and applied for itself`]),
    ...(plan.to.directory === undefined ? [`makes anew: ${listOf(plan.services)}`] : []),
    `stops for the moment of the copy: ${listOf(plan.stops)}`,
    `proof: point ${plan.proof.point} in vault ${plan.vault}, ${LEVELS[plan.proof.level]} ${ago(plan.proof.at, now)}`,
    ...rehearsalLines(plan, now),
    `expected downtime: ${plan.predictedDowntimeMs === null ? unknownDowntime(plan) : formatDuration(plan.predictedDowntimeMs)}`,
    ...plan.databases.map(databaseLine),
    ...plan.space.map(
      ({ where, neededBytes, freeBytes }) => `space: ${where} needs ${formatBytes(neededBytes)}, ${formatBytes(freeBytes)} are free`,
    ),
    `a rollback is possible for ${formatDuration(plan.rollbackWindowMs)}: it brings images, configuration and data back together, and keeps what was written since beside`,
    ...plan.warnings.map((warning) => `warning: ${warning}`),
    ...plan.edits.flatMap(({ path, diff }) => ["", `edits ${path}:`, ...indented(diff)]),
    ...(plan.to.notes.trim() === "" ? [] : ["", `what ${plan.to.version} brings, in its vendor's words:`, ...indented(plan.to.notes)]),
  ]
}

/** How long a plain program takes to start is not rehearsed. */
function unknownDowntime({ to, unrehearsed }: UpdatePlanDocument): string {
  if (unrehearsed !== null) return "not known without a rehearsal"
  return to.directory === undefined ? "not known before the rehearsal" : "not known before the first update"
}

function sourceOf({ to }: UpdatePlanDocument): string {
  if (to.signed !== null) return `signed release ${to.signed.sequence} of channel ${to.signed.channel}`
  return {
    manifest: "a release manifest",
    registry: "found in the registry",
    git: "found in the git repository",
    directories: `from ${to.directory?.path ?? "a directory"}`,
    given: "named by you",
  }[to.foundIn]
}

function rehearsalLines({ rehearsal, unrehearsed }: UpdatePlanDocument, now: Date): readonly string[] {
  if (unrehearsed !== null) return [`not rehearsed, and not going to be: ${unrehearsed}`]
  if (rehearsal === null) return ["not rehearsed yet: that is done first, on a copy of the data; if it fails, the app stays as it is"]
  const { passed, why, point, at, startMs, preFlightMs, migrateMs } = rehearsal
  const times = [
    ...(preFlightMs === null ? [] : [`pre-flight ${formatDuration(preFlightMs)}`]),
    ...(migrateMs === null ? [] : [`migration ${formatDuration(migrateMs)}`]),
    // A plain program is not started in the rehearsal.
    ...(startMs === 0 ? [] : [`well after ${formatDuration(startMs)}`]),
  ]
  const head = `rehearsed ${ago(at, now)} on a copy of point ${point}`
  return [
    passed ? [`${head}: passed`, ...times].join(", ") : `${head}: failed${why === null ? "" : `, ${why}`}`,
    ...schemaLines(rehearsal.schema),
  ]
}

/** What the new version does to the schema, as the rehearsal saw it. */
export function schemaLines(schema: SchemaChange): readonly string[] {
  const changes = [
    ...(schema.from === schema.to ? [] : [`version ${schema.from ?? "unknown"} to ${schema.to ?? "unknown"}`]),
    ...changeOf("adds table", schema.tablesAdded),
    ...changeOf("removes table", schema.tablesRemoved),
    ...changeOf("adds column", schema.columnsAdded),
    ...changeOf("removes column", schema.columnsRemoved),
    ...schema.rows.map(({ table, before, after }) => `rows of ${table}: ${before} to ${after}`),
  ]
  return [`schema: ${changes.length === 0 ? "stays as it is" : changes.join("; ")}`]
}

function changeOf(what: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${what}${names.length === 1 ? "" : "s"} ${names.join(", ")}`]
}

const WAYS = {
  clone: "by a copy beside it",
  "cold-point": "from a point that is taken while everything stands still",
  refill: "from a point that is taken while everything stands still, and put into the emptied database itself",
} as const

function databaseLine({ name, way, why, sizeBytes }: UpdatePlanDocument["databases"][number]): string {
  return `keeps database ${name} (${formatBytes(sizeBytes)}) ${WAYS[way]}${why === "" ? "" : `: ${why}`}`
}

/** What going back would do, for people. */
export function rollbackPlanLines(plan: RollbackPlanDocument, now: Date): readonly string[] {
  const lost = plan.rowsLost.reduce((sum, { rows }) => sum + rows, 0)
  return [
    `rolls ${plan.app} back from ${plan.from} to ${plan.to ?? "the version before"}: images, configuration and data together`,
    `undoes the update of ${ago(plan.appliedAt, now)} (operation ${plan.operationId}), possible until ${plan.keptUntil}`,
    ...(plan.services.length === 0 ? [] : [`makes anew: ${listOf(plan.services)}`]),
    `puts back: ${listOf([...plan.databases.map((name) => `database ${name}`), ...plan.trees, ...plan.files])}`,
    lost === 0
      ? "no rows were found that were written since the update"
      : `${counted(lost, "row was", "rows were")} written since the update; the old version will not have them, they are kept:`,
    ...plan.rowsLost.map(({ database, table, rows }) => `  ${database}: ${table} +${rows}`),
    `expected downtime: ${plan.expectedMs === null ? "not known" : formatDuration(plan.expectedMs)}`,
    ...plan.warnings.map((warning) => `warning: ${warning}`),
  ]
}

/** What an update came to, for people. */
export function updateReportLines(report: UpdateReportDocument): readonly string[] {
  const predicted = report.predictedDowntimeMs === null ? "" : `, ${formatDuration(report.predictedDowntimeMs)} were expected`
  return [
    `updated ${report.app} from ${report.from ?? "an unknown version"} to ${report.to} in ${formatDuration(report.durationMs)}`,
    `down for ${formatDuration(report.downtimeMs)}${predicted}`,
    ...(report.unrehearsed === null ? [] : [`it was not rehearsed: ${report.unrehearsed}`]),
    ...(report.safetyPoint === null ? [] : [`safety point before it: ${report.safetyPoint}`]),
    ...(report.keptUntil === null
      ? []
      : [`roll back until ${report.keptUntil}: holdfast update rollback ${report.app} ${report.operationId}`]),
    ...report.warnings.map((warning) => `warning: ${warning}`),
  ]
}

function indented(text: string): readonly string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`)
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : names.join(", ")
}

function ago(at: string, now: Date): string {
  return `${formatDuration(Math.max(0, now.getTime() - Date.parse(at)))} ago`
}
