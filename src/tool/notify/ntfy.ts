import type { Message, Receiver } from "../../posture/ports.ts"
import type { Sending } from "./sending.ts"
import { addressOf, post } from "./post.ts"

/** What ntfy calls low, default and high. */
const PRIORITY = { low: 2, normal: 3, high: 4 } as const
const MESSAGE_LIMIT_BYTES = 4000

/** Publishes to a topic as JSON at the server's root, so that titles may be of any script. */
export async function sendNtfy(receiver: Extract<Receiver, { kind: "ntfy" }>, message: Message, sending: Sending): Promise<void> {
  const address = addressOf(receiver.url)
  const parts = address.pathname.split("/").filter((part) => part !== "")
  const topic = parts.at(-1)
  if (topic === undefined) throw new Error("the address names no topic")
  const server = new URL(address)
  server.pathname = `/${parts.slice(0, -1).join("/")}`
  const content = {
    topic: decodeURIComponent(topic),
    title: message.subject,
    message: shortened(message.body),
    priority: PRIORITY[message.priority],
    tags: [message.priority === "high" ? "rotating_light" : "shield", "holdfast"],
  }
  const authorization = receiver.token === null ? {} : { authorization: `Bearer ${receiver.token.reveal()}` }
  await post({ url: server, body: JSON.stringify(content), headers: { "content-type": "application/json", ...authorization } }, sending)
}

/** ntfy makes an attachment of what is longer than 4096 bytes. */
function shortened(text: string): string {
  const bytes = Buffer.from(text)
  return bytes.length <= MESSAGE_LIMIT_BYTES ? text : `${bytes.subarray(0, MESSAGE_LIMIT_BYTES).toString("utf8").replace(/�+$/, "")} …`
}
