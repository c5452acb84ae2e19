/** Who is told, and how: the settings' `notify`. */
import { z } from "zod"
import { notifyTargets, notifyTargetsBody } from "./notify-targets.ts"
import { settingsFile } from "./schedules.ts"

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

/** PUT /notifications with `If-Match`. */
export const notificationsBody = z.object({ email: notifyEmail.nullable(), always: notifyTargetsBody.nullable() })
export const notificationsSaved = z.object({ digest: z.string() })

/** POST /notifications/test: sends a message to every target that is saved. */
export const notificationsTested = z.object({
  sent: z.array(z.object({ channel: z.string(), to: z.string(), delivered: z.boolean(), why: z.string().nullable() })),
})

export type NotifyEmail = z.infer<typeof notifyEmail>
export type Notifications = z.infer<typeof notifications>
export type NotificationsBody = z.infer<typeof notificationsBody>
export type NotificationsSaved = z.infer<typeof notificationsSaved>
export type NotificationsTested = z.infer<typeof notificationsTested>
