/** Who is told, and how: the settings' `notify`. */
import { z } from "zod"
import { settingsFile } from "./schedules.ts"

export const notifyTargets = z.object({
  emails: z.array(z.string()),
  webhooks: z.array(z.string()),
  ntfy: z.array(z.string()),
  ping: z.string().nullable(),
  onSuccess: z.boolean(),
})

export const notifyEmail = z.object({
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535),
  security: z.enum(["starttls", "tls", "none"]),
  user: z.string().nullable(),
  from: z.string(),
  /** File on the host that holds the password. */
  passwordFile: z.string().nullable(),
})

/** GET /notifications */
export const notifications = z.object({ file: settingsFile, email: notifyEmail.nullable(), always: notifyTargets.nullable() })

/** PUT /notifications with `If-Match`. Addresses may come as one text, parted by comma, semicolon, space or newline. */
export const notificationsBody = z.object({
  email: notifyEmail.nullable(),
  always: notifyTargets.extend({ emails: z.union([z.array(z.string()), z.string()]) }).nullable(),
})
export const notificationsSaved = z.object({ digest: z.string() })

/** POST /notifications/test: sends a message to every target that is saved. */
export const notificationsTested = z.object({
  sent: z.array(z.object({ channel: z.string(), to: z.string(), delivered: z.boolean(), why: z.string().nullable() })),
})

export type NotifyTargets = z.infer<typeof notifyTargets>
export type NotifyEmail = z.infer<typeof notifyEmail>
export type Notifications = z.infer<typeof notifications>
export type NotificationsBody = z.infer<typeof notificationsBody>
export type NotificationsSaved = z.infer<typeof notificationsSaved>
export type NotificationsTested = z.infer<typeof notificationsTested>
