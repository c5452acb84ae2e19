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

export type InitOutput = z.infer<typeof initOutput>
export type DoctorOutput = z.infer<typeof doctorOutput>
