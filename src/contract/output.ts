/**
 * What `--json` prints: one document per command, named and versioned. Additive: members are added, never removed or given
 * another meaning; anything else is a new version. Instants are ISO 8601 in UTC, sizes are bytes, durations are milliseconds.
 */
import { z } from "zod"
import type { Json } from "../base/canonical-json.ts"

const instant = z.iso.datetime()
const count = z.number().int().nonnegative()
const json: z.ZodType<Json> = z.json()
const outcome = z.enum(["succeeded", "partial", "failed", "cancelled"])
const proofLevel = z.enum(["sealed", "read", "restored", "booted"])

/** Any command that fails. */
export const errorOutput = z.object({
  format: z.literal("holdfast.error"),
  version: z.literal(1),
  error: z.object({
    /** One of the catalog's codes, or `BUG`. */
    code: z.string(),
    what: z.string(),
    why: z.string().nullable(),
    hint: z.string(),
    exitCode: count,
    /** Whether trying again later can help. */
    retryable: z.boolean(),
  }),
})

const holder = z.object({ host: z.string(), processId: count, command: z.string() })

const operation = z.object({
  id: z.string(),
  kind: z.string(),
  app: z.string(),
  /** `running`: its process lives; `interrupted`: its process is dead and nothing has settled it yet. */
  status: z.enum(["running", "interrupted", "finished"]),
  outcome: outcome.nullable(),
  startedAt: instant,
  finishedAt: instant.nullable(),
  errorCode: z.string().nullable(),
  message: z.string().nullable(),
  cancelRequested: z.boolean(),
  holder,
})

const step = z.object({
  index: count,
  name: z.string(),
  state: z.enum(["started", "done", "failed"]),
  at: instant,
  details: json,
  result: json,
})

/** `operations` */
export const operationsOutput = z.object({
  format: z.literal("holdfast.operations"),
  version: z.literal(1),
  operations: z.array(operation),
})

/** `operations show` */
export const operationOutput = z.object({
  format: z.literal("holdfast.operation"),
  version: z.literal(1),
  operation: operation.extend({ plan: json, result: json, steps: z.array(step) }),
})

/** `cancel` */
export const cancelOutput = z.object({
  format: z.literal("holdfast.cancel"),
  version: z.literal(1),
  operationId: z.string(),
  /** False when it had already ended by itself. */
  requested: z.boolean(),
})

/** `operations settle` */
export const settleOutput = z.object({
  format: z.literal("holdfast.settle"),
  version: z.literal(1),
  settled: z.array(z.object({ operationId: z.string(), outcome, message: z.string() })),
})

const listedPoint = z.object({
  id: z.string(),
  app: z.string(),
  vault: z.string(),
  sequence: count,
  startedAt: instant,
  trigger: z.string(),
  label: z.string().nullable(),
  cold: z.boolean(),
  appVersion: z.string().nullable(),
  sizeBytes: count,
  storedBytes: count,
  warnings: count,
  parts: z.array(z.string()),
  pinned: z.boolean(),
  proof: z.object({ level: proofLevel, at: instant }).nullable(),
  /** Every vault that holds the point, as far as the store knows. */
  vaults: z.array(z.string()),
})

/** `points`, newest first. */
export const pointsOutput = z.object({ format: z.literal("holdfast.points"), version: z.literal(1), points: z.array(listedPoint) })

const partSize = z.object({ part: z.string(), sizeBytes: count, storedBytes: count })

/** `backup`; `point` is null when `--before-migration` found nothing to do. */
export const backupOutput = z.object({
  format: z.literal("holdfast.backup"),
  version: z.literal(1),
  point: z
    .object({
      id: z.string(),
      app: z.string(),
      vault: z.string(),
      /** SHA-256 of the manifest's bytes. */
      digest: z.string(),
      durationMs: count,
      parts: z.array(partSize),
      warnings: z.array(z.string()),
    })
    .nullable(),
})

/** `verify` */
export const verifyOutput = z.object({
  format: z.literal("holdfast.verify"),
  version: z.literal(1),
  point: z.string(),
  vault: z.string(),
  level: z.enum(["sealed", "read"]),
  durationMs: count,
  parts: z.array(z.object({ part: z.string(), sizeBytes: count, sha256: z.string().nullable() })),
})

/** `drill` */
export const drillOutput = z.object({
  format: z.literal("holdfast.drill"),
  version: z.literal(1),
  operationId: z.string(),
  app: z.string(),
  point: z.string(),
  vault: z.string(),
  level: z.enum(["restored", "booted"]),
  passed: z.boolean(),
  assertions: z.array(z.object({ name: z.string(), passed: z.boolean(), detail: z.string() })),
  recoveryTimeMs: count,
  warnings: z.array(z.string()),
})

/** `restore` in place */
export const restoreOutput = z.object({
  format: z.literal("holdfast.restore"),
  version: z.literal(1),
  /** What `undo` takes. */
  operationId: z.string(),
  point: z.string(),
  parts: z.array(z.string()),
  safetyPoint: z.string().nullable(),
  keptUntil: instant,
  downtimeMs: count,
  durationMs: count,
  warnings: z.array(z.string()),
})

export type BackupOutput = z.infer<typeof backupOutput>
export type VerifyOutput = z.infer<typeof verifyOutput>
export type DrillOutput = z.infer<typeof drillOutput>
export type RestoreOutput = z.infer<typeof restoreOutput>
export type ErrorOutput = z.infer<typeof errorOutput>
export type OperationsOutput = z.infer<typeof operationsOutput>
export type OperationOutput = z.infer<typeof operationOutput>
export type CancelOutput = z.infer<typeof cancelOutput>
export type SettleOutput = z.infer<typeof settleOutput>
export type PointsOutput = z.infer<typeof pointsOutput>
