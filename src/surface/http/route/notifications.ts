import type { z } from "zod"
import {
  notifications,
  notificationsBody,
  notificationsSaved,
  notificationsTested,
  type Notifications,
} from "../../../contract/api/notifications.ts"
import { putMember, removeMember } from "../../../settings/edit-member.ts"
import { sendTestMessages } from "../../service/notify-test.ts"
import type { Ground } from "../ground.ts"
import { shownTargets, written, writtenTargets } from "../notify-targets.ts"
import { changeSettings, readSettingsFile, shownFile } from "../settings-file.ts"
import { none, route, type Call, type Route } from "./route.ts"

export const notificationRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/notifications",
    summary: "Who is told of every app, and how mail is sent.",
    query: none,
    body: none,
    answer: notifications,
    handle: async ({ ground }) => await pageOf(ground),
  }),
  route({
    method: "PUT",
    path: "/api/v1/notifications",
    summary: "Writes them into the settings file (`If-Match`).",
    query: none,
    body: notificationsBody,
    answer: notificationsSaved,
    audit: "notifications.put",
    handle: async ({ ground, body, headers }) => await put(ground, body, headers.get("if-match")),
  }),
  route({
    method: "POST",
    path: "/api/v1/notifications/test",
    summary: "Sends a test message to everybody who is told of anything.",
    query: none,
    body: none,
    answer: notificationsTested,
    audit: "notifications.test",
    handle: async (call) => await test(call),
  }),
]

async function pageOf(ground: Ground): Promise<Notifications> {
  const [settings, file] = await Promise.all([ground.house.settings(), readSettingsFile(ground)])
  const { email, always } = settings.notify ?? {}
  return {
    file: shownFile(file),
    email:
      email === undefined
        ? null
        : {
            host: email.host,
            port: email.port,
            security: email.security,
            user: email.user ?? null,
            from: email.from,
            passwordFile: email.passwordFile ?? null,
          },
    always: always === undefined ? null : shownTargets(always),
  }
}

/** Members that the page does not know (`password`, `ntfyToken`) stay as they are. */
async function put(
  ground: Ground,
  body: z.output<typeof notificationsBody>,
  ifMatch: string | null,
): Promise<z.input<typeof notificationsSaved>> {
  const settings = await ground.house.settings()
  const { password } = settings.notify?.email ?? {}
  const { email, always } = body
  const mail = email === null ? null : written({ ...email, ...(password === undefined || email.passwordFile !== null ? {} : { password }) })
  const digest = await changeSettings(ground, ifMatch, (text) => {
    const withEmail = mail === null ? removeMember(text, ["notify", "email"], 0) : putMember(text, ["notify", "email"], mail)
    return always === null
      ? removeMember(withEmail, ["notify", "always"], 0)
      : putMember(withEmail, ["notify", "always"], writtenTargets(always))
  })
  return { digest }
}

async function test({ ground }: Call<unknown, unknown>): Promise<z.input<typeof notificationsTested>> {
  const results = await sendTestMessages(ground.house, await ground.house.settings(), null)
  return { sent: results.map(({ kind, name, sent, why }) => ({ channel: kind, to: name, delivered: sent, why })) }
}
