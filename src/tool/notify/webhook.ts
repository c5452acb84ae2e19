import type { Message, Receiver } from "../../posture/ports.ts"
import type { Sending } from "./sending.ts"
import { post } from "./post.ts"

/** POSTs the message's document as JSON (docs/manual/notifications.md describes it). */
export async function sendWebhook(receiver: Extract<Receiver, { kind: "webhook" }>, message: Message, sending: Sending): Promise<void> {
  const { event, subject, body, document } = message
  // `text` is what chat programs (Slack, Mattermost, Rocket.Chat) show of a hook they know nothing about.
  const content = { format: "holdfast.notice", version: 1, event, subject, body, text: `${subject}\n${body}`, ...document }
  await post({ url: receiver.url, body: JSON.stringify(content), headers: { "content-type": "application/json" } }, sending)
}
