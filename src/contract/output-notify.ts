/** Documents about messages to people. The rules of `output.ts` hold. */
import { z } from "zod"

/** `notify test`: exit code 3 when any message was not taken, or when nobody is named. */
export const notifyTestOutput = z.object({
  format: z.literal("holdfast.notify-test"),
  version: z.literal(1),
  results: z.array(
    z.object({
      /** The same for the same address, and without it. */
      receiver: z.string(),
      kind: z.string(),
      /** What a person calls it. */
      name: z.string(),
      sent: z.boolean(),
      /** Why it was not sent. */
      why: z.string().nullable(),
    }),
  ),
})

export type NotifyTestOutput = z.infer<typeof notifyTestOutput>
