/** The documents of `update …`. The rules of `output.ts` hold. */
import { z } from "zod"

const instant = z.iso.datetime()
const count = z.number().int().nonnegative()
const proofLevel = z.enum(["sealed", "read", "restored", "booted"])
/** `sha256:…` */
const digest = z.string()

/** `digest` is `commit:…` for an image that is built here. */
export const releaseImage = z.object({ repository: z.string(), digest, tag: z.string().nullable() })
const command = z.object({ service: z.string(), argv: z.tuple([z.string()], z.string()) })

export const release = z.object({
  version: z.string(),
  foundIn: z.enum(["manifest", "registry", "git", "directories", "given"]),
  /** Of an app without containers: where its new version lies, and what is in it; left out for others. */
  directory: z.object({ path: z.string(), digest: z.string() }).exactOptional(),
  /** Of an app that is built here from a git checkout: from which commit to which; left out for others. */
  built: z.object({ root: z.string(), from: z.string(), to: z.string() }).exactOptional(),
  /** Service → image. */
  images: z.record(z.string(), releaseImage),
  preFlight: command.nullable(),
  migrate: command.nullable(),
  schemaVersion: z.string().nullable(),
  /** What the vendor says of it: text, never markup to be trusted. */
  notes: z.string(),
  signed: z.object({ product: z.string(), channel: z.string(), sequence: count, digest }).nullable(),
})

export const schemaChange = z.object({
  from: z.string().nullable(),
  to: z.string().nullable(),
  tablesAdded: z.array(z.string()),
  tablesRemoved: z.array(z.string()),
  columnsAdded: z.array(z.string()),
  columnsRemoved: z.array(z.string()),
  rows: z.array(z.object({ table: z.string(), before: count, after: count })),
})

export const rehearsal = z.object({
  operationId: z.string(),
  point: z.string(),
  version: z.string(),
  passed: z.boolean(),
  why: z.string().nullable(),
  schema: schemaChange,
  startMs: count,
  /** Copying the databases beside themselves; left out where that is not possible. */
  cloneMs: count.optional(),
  /** Stopping everything that writes; left out where it was not measured. */
  stopMs: count.optional(),
  preFlightMs: count.nullable(),
  migrateMs: count.nullable(),
  at: instant,
})

/** What one update would do. */
export const updatePlan = z.object({
  app: z.string(),
  from: z.object({ version: z.string().nullable(), images: z.record(z.string(), z.string()) }),
  to: release,
  /** Versions that come after this one; each is planned, rehearsed and applied for itself. */
  hopsAfter: z.array(z.string()),
  services: z.array(z.string()),
  stops: z.array(z.string()),
  edits: z.array(z.object({ path: z.string(), diff: z.string() })),
  proof: z.object({ point: z.string(), level: proofLevel, at: instant }),
  vault: z.string(),
  databases: z.array(z.object({ name: z.string(), way: z.enum(["clone", "cold-point", "refill"]), why: z.string(), sizeBytes: count })),
  space: z.array(z.object({ where: z.string(), neededBytes: count, freeBytes: count })),
  /** Null: not rehearsed yet. */
  rehearsal: rehearsal.nullable(),
  /** Why a person wants it without a rehearsal; null: it has to pass one. */
  unrehearsed: z.string().nullable().default(null),
  /** Data that no point holds and a rollback does not take back. */
  unnamed: z.array(z.string()).default([]),
  predictedDowntimeMs: count.nullable(),
  rollbackWindowMs: count,
  warnings: z.array(z.string()),
})

/** `update plan`; `plan` is null when nothing newer is there. */
export const updatePlanOutput = z.object({
  format: z.literal("holdfast.update-plan"),
  version: z.literal(1),
  app: z.string(),
  running: z.string().nullable(),
  plan: updatePlan.nullable(),
  /** What a person should know of the search: a newer tag that is too young, an announced key. */
  notices: z.array(z.string()),
})

const rowsBeside = z.array(z.object({ database: z.string(), table: z.string(), rows: count }))

export const updateReport = z.object({
  operationId: z.string(),
  app: z.string(),
  from: z.string().nullable(),
  to: z.string(),
  outcome: z.enum(["applied", "rolled back"]),
  why: z.string().nullable(),
  downtimeMs: count,
  predictedDowntimeMs: count.nullable(),
  /** Why a person wanted it without a rehearsal; null when it was rehearsed. */
  unrehearsed: z.string().nullable().default(null),
  rollbackMs: count.nullable(),
  durationMs: count,
  hotPoint: z.string(),
  safetyPoint: z.string().nullable(),
  keptUntil: instant.nullable(),
  rowsKeptBeside: rowsBeside,
  warnings: z.array(z.string()),
})

/** `update apply`: what was applied, hop after hop; empty when nothing newer was there. A hop that was rolled back is the error UPDATE_ROLLED_BACK. */
export const updateOutput = z.object({
  format: z.literal("holdfast.update"),
  version: z.literal(1),
  app: z.string(),
  /** What runs now. */
  running: z.string().nullable(),
  applied: z.array(updateReport),
})

/** What going back would do. */
export const rollbackPlan = z.object({
  app: z.string(),
  /** The update that is undone. */
  operationId: z.string(),
  from: z.string(),
  to: z.string().nullable(),
  appliedAt: instant,
  /** Until then it can be undone; afterwards what was kept is released. */
  keptUntil: instant,
  services: z.array(z.string()),
  databases: z.array(z.string()),
  /** Files that come back byte for byte. */
  files: z.array(z.string()),
  /** Parts of files of which what was changed since comes back. */
  trees: z.array(z.string()),
  /** Rows written since the update, which the old state does not have; they are kept beside. */
  rowsLost: rowsBeside,
  expectedMs: count.nullable(),
  warnings: z.array(z.string()),
})

/** `update rollback --plan` */
export const rollbackPlanOutput = z.object({
  format: z.literal("holdfast.update-rollback-plan"),
  version: z.literal(1),
  plan: rollbackPlan,
})

/** `update rollback` */
export const rollbackOutput = z.object({
  format: z.literal("holdfast.update-rollback"),
  version: z.literal(1),
  operationId: z.string(),
  undone: z.string(),
  app: z.string(),
  from: z.string(),
  to: z.string().nullable(),
  /** What was live before the rollback, as a point. */
  safetyPoint: z.string(),
  downtimeMs: count,
  durationMs: count,
  rowsKeptBeside: rowsBeside,
  warnings: z.array(z.string()),
})

/** `update carry-on`, which Holdfast calls itself. */
export const carryOnOutput = z.object({
  format: z.literal("holdfast.update-carry-on"),
  version: z.literal(1),
  /** Of the order that has ended. */
  order: z.string(),
})

/** One rehearsal, update or rollback, whatever came of it. */
export const updateEntry = z.object({
  operationId: z.string(),
  kind: z.enum(["rehearse", "update", "rollback"]),
  from: z.string().nullable(),
  to: z.string().nullable(),
  /** `running` and `interrupted` are of runs that have not ended. */
  outcome: z.enum(["running", "interrupted", "passed", "applied", "rolled back", "failed", "cancelled"]),
  why: z.string().nullable(),
  startedAt: instant,
  finishedAt: instant.nullable(),
  downtimeMs: count.nullable(),
  predictedDowntimeMs: count.nullable(),
  keptUntil: instant.nullable(),
  by: z.string(),
})

/** `update history`, newest first. */
export const updateHistoryOutput = z.object({
  format: z.literal("holdfast.update-history"),
  version: z.literal(1),
  app: z.string(),
  entries: z.array(updateEntry),
})

export type ReleaseDocument = z.infer<typeof release>
export type UpdatePlanDocument = z.infer<typeof updatePlan>
export type UpdatePlanOutput = z.infer<typeof updatePlanOutput>
export type UpdateReportDocument = z.infer<typeof updateReport>
export type UpdateOutput = z.infer<typeof updateOutput>
export type RollbackPlanDocument = z.infer<typeof rollbackPlan>
export type RollbackPlanOutput = z.infer<typeof rollbackPlanOutput>
export type RollbackOutput = z.infer<typeof rollbackOutput>
export type UpdateEntry = z.infer<typeof updateEntry>
export type UpdateHistoryOutput = z.infer<typeof updateHistoryOutput>
