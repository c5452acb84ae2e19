/** Carries messages to people and programs: mail, webhooks, ntfy, dead-man switches; one file per kind (design §9). */
import { HoldfastError, messageOf } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Message, Notifier, Receiver } from "../../posture/ports.ts"
import { sendMail } from "./email.ts"
import { sendNtfy } from "./ntfy.ts"
import { sendPing } from "./ping.ts"
import { hide, secretsOf } from "./secrets.ts"
import type { Sending } from "./sending.ts"
import { sendWebhook } from "./webhook.ts"

export interface NotifierOptions {
  /** How long one message may take, unless told 20 s. */
  readonly timeoutMs?: number
}

/** Throws NOTIFY_FAILED from `send`; no text of it holds an address of the web, a token or a password. */
export function createNotifier(options: NotifierOptions = {}): Notifier {
  const timeoutMs = options.timeoutMs ?? 20_000
  return {
    send: async (receiver, message, ctx) => {
      ctx.signal.throwIfAborted()
      try {
        await deliver(receiver, message, { timeoutMs, signal: ctx.signal })
      } catch (thrown) {
        throw failure(receiver, thrown, ctx)
      }
    },
  }
}

async function deliver(receiver: Receiver, message: Message, sending: Sending): Promise<void> {
  switch (receiver.kind) {
    case "email":
      return await sendMail(receiver, message, sending)
    case "webhook":
      return await sendWebhook(receiver, message, sending)
    case "ntfy":
      return await sendNtfy(receiver, message, sending)
    case "ping":
      return await sendPing(receiver, message, sending)
  }
}

function failure(receiver: Receiver, thrown: unknown, ctx: RunContext): unknown {
  if (ctx.signal.aborted) return ctx.signal.reason
  return new HoldfastError("NOTIFY_FAILED", {
    what: receiver.kind === "email" ? `mail to ${receiver.address} was not sent` : `a message by ${receiver.kind} was not sent`,
    why: hide(messageOf(thrown), secretsOf(receiver)),
  })
}
