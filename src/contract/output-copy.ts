/** The document of `copy`. The rules of `output.ts` hold. */
import { z } from "zod"
import type { Json } from "../base/canonical-json.ts"

const json: z.ZodType<Json> = z.json()

/** `copy`: `applied` is false for `--plan`; exit code 3 when the outcome is `partial`. */
export const copyOutput = z.object({
  format: z.literal("holdfast.copy"),
  version: z.literal(1),
  app: z.string(),
  from: z.string(),
  to: z.string(),
  applied: z.boolean(),
  outcome: z.enum(["succeeded", "partial"]).nullable(),
  /** Points that the target holds now and did not before, newest first. */
  copied: z.array(z.string()),
  failed: z.array(z.object({ point: z.string(), code: z.string(), message: z.string() })),
  /** What the source lost, or names that mean two things: the next run cannot mend it. */
  problems: z.array(z.string()),
  plan: json,
})

export type CopyOutput = z.infer<typeof copyOutput>
