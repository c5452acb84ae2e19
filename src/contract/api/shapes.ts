/** Small shapes that several documents of the API have in common. Instants are ISO 8601 in UTC, sizes are bytes, durations are milliseconds. */
import { z } from "zod"
import type { Json } from "../../base/canonical-json.ts"
import { errorOutput } from "../output.ts"

export const instant = z.iso.datetime()
export const count = z.number().int().nonnegative()
export const json: z.ZodType<Json> = z.json()
/** Name of an app, a vault, a schedule: as in the settings file. */
export const name = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/)
export const proofLevel = z.enum(["sealed", "read", "restored", "booted"])
export const outcome = z.enum(["succeeded", "partial", "failed", "cancelled"])

/** `keep` of the settings: how many of which; `within` is a duration such as `30d`. */
export const keep = z.object({
  last: count.optional(),
  hourly: count.optional(),
  daily: count.optional(),
  weekly: count.optional(),
  monthly: count.optional(),
  yearly: count.optional(),
  within: z.string().optional(),
})

/** Any answer that is not 2xx: the error document, with its HTTP status and, where there is more to show, details. */
export const apiError = errorOutput.extend({
  error: errorOutput.shape.error.extend({ status: count, details: z.record(z.string(), json) }),
})

/** Something was begun; follow it at `/operations/:id`. `operationId` is null while it waits until others have ended. */
export const accepted = z.object({ operationId: z.string().nullable() })

/** Done, and nothing more to say. */
export const done = z.object({ done: z.literal(true) })

/** A run that is owed next. */
export const nextRun = z.object({ app: z.string(), schedule: z.string(), kind: z.enum(["backup", "drill"]), at: instant })

/** What became of one slot of a schedule. */
export const slot = z.object({
  slot: instant,
  outcome: z.enum(["succeeded", "partial", "failed", "cancelled", "running", "skipped"]),
  operationId: z.string().nullable(),
  reason: z.string().nullable(),
  /** Slots before it that nobody ran. */
  missed: count,
})

export type Keep = z.infer<typeof keep>
export type ApiError = z.infer<typeof apiError>
export type Accepted = z.infer<typeof accepted>
export type NextRun = z.infer<typeof nextRun>
export type Slot = z.infer<typeof slot>
