/** What telling people asks of whoever carries a message. Implemented by `tool/notify`. */
import type { Json } from "../base/canonical-json.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Secret } from "../base/secret.ts"

export interface MailServer {
  readonly host: string
  readonly port: number
  /** `starttls` refuses to go on without encryption; `none` never asks for it. */
  readonly security: "starttls" | "tls" | "none"
  /** Authority (PEM) that the server's certificate is checked with; null: the public ones. */
  readonly authority: string | null
  readonly user: string | null
  readonly password: Secret | null
  readonly from: string
}

/** Where a message goes. An address of the web may itself be the permission to write there, so it is a secret. */
export type Receiver =
  | { readonly kind: "email"; readonly address: string; readonly server: MailServer }
  | { readonly kind: "webhook"; readonly url: Secret }
  | { readonly kind: "ntfy"; readonly url: Secret; readonly token: Secret | null }
  | { readonly kind: "ping"; readonly url: Secret }

/** `start`, `fail` and `success` are what a dead-man switch is told; a message to people is `notice`. */
export type MessageEvent = "notice" | "start" | "success" | "fail" | "test"

export interface Message {
  readonly event: MessageEvent
  /** One line. */
  readonly subject: string
  /** Plain text, whole sentences. */
  readonly body: string
  readonly priority: "low" | "normal" | "high"
  /** The same for programs: what a webhook gets as JSON. */
  readonly document: { readonly [key: string]: Json }
}

/** Carries one message to one receiver, once; whoever calls decides about trying again. */
export interface Notifier {
  /** Resolves when the receiver has taken it. Throws NOTIFY_FAILED, whose texts hold no secret. */
  send(receiver: Receiver, message: Message, ctx: RunContext): Promise<void>
}
