/** Documents about this host: `init`, `doctor`. The rules of `output.ts` hold. */
import { z } from "zod"

/** `init` */
export const initOutput = z.object({
  format: z.literal("holdfast.init"),
  version: z.literal(1),
  file: z.string(),
  /** False for `--plan`. */
  written: z.boolean(),
  /** What was found, left out and not known. */
  report: z.array(z.string()),
  /** The whole settings file. */
  text: z.string(),
})

/** `doctor`: exit code 3 when something is to be done. */
export const doctorOutput = z.object({
  format: z.literal("holdfast.doctor"),
  version: z.literal(1),
  findings: z.array(
    z.object({
      check: z.string(),
      subject: z.string(),
      severity: z.enum(["ok", "warn", "fail"]),
      what: z.string(),
      do: z.string().nullable(),
    }),
  ),
})

/** `doctor --free-space` */
export const freeSpaceOutput = z.object({
  format: z.literal("holdfast.free-space"),
  version: z.literal(1),
  app: z.string(),
  applied: z.boolean(),
  /** Subjects of what went. */
  removed: z.array(z.string()),
  /** Sum of what is known of the items that can go. */
  freedBytes: z.number().int().nonnegative(),
  items: z.array(
    z.object({
      kind: z.enum(["migration-backup", "log", "kept-state", "built-version", "unsealed"]),
      /** A path, an operation's id, or a point's id. */
      subject: z.string(),
      vault: z.string().nullable(),
      /** Null where it cannot be known before it is gone. */
      sizeBytes: z.number().int().nonnegative().nullable(),
      remove: z.boolean(),
      why: z.string(),
    }),
  ),
})

export type InitOutput = z.infer<typeof initOutput>
export type DoctorOutput = z.infer<typeof doctorOutput>
export type FreeSpaceOutput = z.infer<typeof freeSpaceOutput>
