/** Who is told: by mail, webhook, ntfy, and a dead-man switch. */
import { z } from "zod"

export const notifyTargets = z.object({
  emails: z.array(z.string()),
  webhooks: z.array(z.string()),
  ntfy: z.array(z.string()),
  ping: z.string().nullable(),
  onSuccess: z.boolean(),
})

/** Addresses may come as one text, parted by comma, semicolon, space or newline. */
export const notifyTargetsBody = notifyTargets.extend({ emails: z.union([z.array(z.string()), z.string()]) })

export type NotifyTargets = z.infer<typeof notifyTargets>
export type NotifyTargetsBody = z.infer<typeof notifyTargetsBody>
