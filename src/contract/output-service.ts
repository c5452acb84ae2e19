/** Documents of `run-due` and `serve`. The rules of `output.ts` hold. */
import { z } from "zod"

const instant = z.iso.datetime()
const count = z.number().int().nonnegative()

/** A slot that is due: at most one for each schedule, however many were missed. */
const dueSlot = z.object({
  app: z.string(),
  /** Its key in the settings, `schedules.nightly`; or one of Holdfast's own, `holdfast.read`. */
  schedule: z.string(),
  slot: instant,
  /** Slots before it that nobody ran. */
  missed: count,
})

const ranSlot = dueSlot.extend({
  outcome: z.enum(["succeeded", "partial", "failed", "cancelled", "skipped"]),
  reason: z.string().nullable(),
  operationId: z.string().nullable(),
  durationMs: count,
})

const nextRun = z.object({ app: z.string(), schedule: z.string(), at: instant })

/** `run-due`: `ran` is empty with `--plan`; exit code 3 when something did not succeed. */
export const runDueOutput = z.object({
  format: z.literal("holdfast.run-due"),
  version: z.literal(1),
  due: z.array(dueSlot),
  ran: z.array(ranSlot),
  /** The next run of each schedule that is enabled, soonest first. */
  next: z.array(nextRun),
})

/** `serve`, when it has been stopped. */
export const serveOutput = z.object({
  format: z.literal("holdfast.serve"),
  version: z.literal(1),
  /** Scheduled runs that ended while it served; at most the last 200. */
  ran: z.array(ranSlot),
})

/** `socket-proxy`, when it has been stopped. */
export const socketProxyOutput = z.object({
  format: z.literal("holdfast.socket-proxy"),
  version: z.literal(1),
  /** Where it listened, in the form of DOCKER_HOST. */
  address: z.string(),
  /** Requests that were not let through. */
  refused: count,
})

export type RunDueOutput = z.infer<typeof runDueOutput>
export type ServeOutput = z.infer<typeof serveOutput>
export type SocketProxyOutput = z.infer<typeof socketProxyOutput>
export type RanSlot = z.infer<typeof ranSlot>
