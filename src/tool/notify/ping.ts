import type { Message, Receiver } from "../../posture/ports.ts"
import type { Sending } from "./sending.ts"
import { addressOf, post } from "./post.ts"

const SUFFIX = { success: "", test: "", notice: "", start: "/start", fail: "/fail" } as const

/** Calls a dead-man switch in the manner of healthchecks: the address after a success, `/start` and `/fail` below it. */
export async function sendPing(receiver: Extract<Receiver, { kind: "ping" }>, message: Message, sending: Sending): Promise<void> {
  const url = addressOf(receiver.url)
  url.pathname = `${url.pathname.replace(/\/+$/, "")}${SUFFIX[message.event]}`
  await post({ url, body: `${message.subject}\n${message.body}`, headers: { "content-type": "text/plain; charset=utf-8" } }, sending)
}
