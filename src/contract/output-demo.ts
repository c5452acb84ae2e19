import { z } from "zod"

const count = z.number().int().nonnegative()

/** `demo` */
export const demoOutput = z.object({
  format: z.literal("holdfast.demo"),
  version: z.literal(1),
  /** Whether every comparison held; the exit code is 0 only then. */
  passed: z.boolean(),
  durationMs: count,
  point: z.string(),
  safetyPoint: z.string().nullable(),
  downtimeMs: count,
  steps: z.array(z.object({ name: z.string(), detail: z.string(), durationMs: count })),
  comparisons: z.array(z.object({ name: z.string(), held: z.boolean(), detail: z.string() })),
  /** Where everything was; still there when `kept`. */
  folder: z.string(),
  kept: z.boolean(),
})

export type DemoOutput = z.infer<typeof demoOutput>
