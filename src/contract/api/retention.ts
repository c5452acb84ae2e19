/** What is kept and why, what a changed policy would do, and letting points go. */
import { z } from "zod"
import { keepReason } from "./points.ts"
import { count, instant, keep } from "./shapes.ts"

export const retainedPoint = z.object({
  id: z.string(),
  startedAt: instant,
  keep: z.boolean(),
  reasons: z.array(keepReason),
  /** When the policy lets it go if every coming run succeeds; null: not within the next 400 runs, or never, or unknown. */
  goesAt: instant.nullable(),
  storedBytes: count,
})

/** GET /apps/:app/retention?vault */
export const retention = z.object({
  app: z.string(),
  vault: z.string(),
  /** Null: nothing says how long points in this vault are kept, so nothing goes. */
  policy: z.object({ keep, timezone: z.string() }).nullable(),
  appendOnly: z.boolean(),
  /** Newest first. */
  points: z.array(retainedPoint),
})

/** POST /apps/:app/retention-preview */
export const retentionPreviewBody = z.object({ keep, timezone: z.string().max(100), vault: z.string().nullable().default(null) })
export const retentionPreview = retention.extend({
  /** Points that are kept now and would go. */
  going: z.array(z.string()),
  storedBytes: count,
})

/** POST /apps/:app/expire-plan */
export const expirePlanBody = z.object({ vault: z.string().nullable().default(null), acceptSmaller: z.boolean().default(false) })
export const expirePlan = z.object({
  planId: z.string(),
  expiresAt: instant,
  app: z.string(),
  vault: z.string(),
  /** Whether it would change nothing. */
  idle: z.boolean(),
  points: z.array(retainedPoint.omit({ goesAt: true })),
  /** At most this many bytes become free; points share data. */
  storedBytes: count,
  lines: z.array(z.string()),
})

/** POST /apps/:app/expire (fresh second factor) → 202; `confirm` is the app's name. */
export const expireBody = z.object({ planId: z.string(), confirm: z.string() })

export type RetainedPoint = z.infer<typeof retainedPoint>
export type Retention = z.infer<typeof retention>
export type RetentionPreviewBody = z.input<typeof retentionPreviewBody>
export type RetentionPreview = z.infer<typeof retentionPreview>
export type ExpirePlanBody = z.input<typeof expirePlanBody>
export type ExpirePlan = z.infer<typeof expirePlan>
export type ExpireBody = z.infer<typeof expireBody>
