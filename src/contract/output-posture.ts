/** Documents about a whole app: `status`, `expire`, `secret regenerate`. The rules of `output.ts` hold. */
import { z } from "zod"
import type { Json } from "../base/canonical-json.ts"

const json: z.ZodType<Json> = z.json()
const count = z.number().int().nonnegative()

/** `status`: exit code 4 when any app is not protected. */
export const statusOutput = z.object({
  format: z.literal("holdfast.status"),
  version: z.literal(1),
  apps: z.array(
    z.object({
      app: z.string(),
      protected: z.boolean(),
      /** The same in one line for people. */
      sentence: z.string(),
      level: z.enum(["sealed", "read", "restored", "booted"]).nullable(),
      point: z.string().nullable(),
      /** Age of the newest proven point. */
      exposureMs: count.nullable(),
      recoveryTimeMs: count.nullable(),
      reasons: z.array(z.string()),
      nextSteps: z.array(z.string()),
      points: count,
      /** The newest update or rollback that came to something; null when there was none. */
      lastUpdate: z
        .object({
          operationId: z.string(),
          kind: z.enum(["update", "rollback"]),
          from: z.string().nullable(),
          to: z.string().nullable(),
          outcome: z.enum(["applied", "rolled back", "failed"]),
          at: z.iso.datetime(),
        })
        .nullable(),
      checklist: z.array(z.object({ ask: z.string(), answer: z.boolean(), evidence: z.string() })),
    }),
  ),
})

/** `expire`: `applied` is false for `--plan` and when nothing had to go. */
export const expireOutput = z.object({
  format: z.literal("holdfast.expire"),
  version: z.literal(1),
  app: z.string(),
  vault: z.string(),
  applied: z.boolean(),
  removed: z.array(z.string()),
  plan: json,
})

/** `secret regenerate` */
export const secretOutput = z.object({
  format: z.literal("holdfast.secret"),
  version: z.literal(1),
  app: z.string(),
  secret: z.string(),
  applied: z.boolean(),
  files: z.array(z.string()),
  /** Where the old ones are. */
  kept: z.array(z.string()),
  lossMeans: z.string(),
  /** What the users have to be told. */
  notice: z.string(),
})

export type StatusOutput = z.infer<typeof statusOutput>
export type ExpireOutput = z.infer<typeof expireOutput>
export type SecretOutput = z.infer<typeof secretOutput>
