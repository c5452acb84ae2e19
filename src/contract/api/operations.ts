/** Operations: the list, one of them, and what happens while it runs (server-sent events). */
import { z } from "zod"
import { operationOutput, operationsOutput } from "../output.ts"
import { count, instant, outcome } from "./shapes.ts"

/** GET /operations?app&limit: newest first. */
export const operationsPage = operationsOutput
export const listedOperation = operationsOutput.shape.operations.element

/** GET /operations/:id */
export const operationPage = operationOutput.extend({
  /** What to do about a failure, of the catalog; null when it did not fail. */
  hint: z.string().nullable(),
  /** Whether what it replaced is still kept beside, and until when. */
  undo: z.object({ available: z.boolean(), until: instant.nullable() }),
})

/** POST /operations/:id/cancel */
export const cancelled = z.object({ operationId: z.string(), requested: z.boolean() })

const progressAmount = z.object({
  bytesDone: count.optional(),
  bytesTotal: count.optional(),
  filesDone: count.optional(),
  filesTotal: count.optional(),
})

/** GET /operations/:id/events: each `data:` is one of these; the stream ends after `end`. What was told before is told again first. */
export const operationEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("step"), at: instant, title: z.string() }),
  z.object({ type: z.literal("amount"), at: instant, amount: progressAmount }),
  z.object({ type: z.literal("note"), at: instant, text: z.string() }),
  z.object({ type: z.literal("warn"), at: instant, text: z.string() }),
  z.object({
    type: z.literal("end"),
    at: instant,
    outcome: outcome.nullable(),
    errorCode: z.string().nullable(),
    message: z.string().nullable(),
  }),
])

/** GET /events: something changed; ask again for what is shown. `app` is null where it concerns none or all. */
export const liveEvent = z.object({
  type: z.enum(["operation", "alarm", "settings"]),
  at: instant,
  app: z.string().nullable(),
  operation: listedOperation.nullable(),
})

export type OperationsPage = z.infer<typeof operationsPage>
export type ListedOperation = z.infer<typeof listedOperation>
export type OperationPage = z.infer<typeof operationPage>
export type Cancelled = z.infer<typeof cancelled>
export type OperationEvent = z.infer<typeof operationEvent>
export type LiveEvent = z.infer<typeof liveEvent>
