import { messageOf } from "../../base/errors.ts"
import type { Secret } from "../../base/secret.ts"
import type { Sending } from "./sending.ts"

export interface Post {
  readonly url: Secret | URL
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

const REDIRECTS = 3

/**
 * Sends a POST and resolves on a 2xx. A redirect is followed to the same host only: what is sent, and the address itself, may be
 * meant for nobody else.
 */
export async function post(request: Post, sending: Sending): Promise<void> {
  const signal = AbortSignal.any([sending.signal, AbortSignal.timeout(sending.timeoutMs)])
  let url = request.url instanceof URL ? request.url : addressOf(request.url)
  for (let hops = 0; hops <= REDIRECTS; hops += 1) {
    const response = await attempt(url, request, sending, signal)
    // A body that nobody reads keeps the connection.
    await response.body?.cancel()
    if (response.status >= 200 && response.status < 300) return
    if (![301, 302, 307, 308].includes(response.status)) throw new Error(`the receiver answered ${response.status}`)
    url = redirected(url, response.headers.get("location"))
  }
  throw new Error(`the receiver redirected more than ${REDIRECTS} times`)
}

async function attempt(url: URL, { body, headers }: Post, sending: Sending, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { method: "POST", body, headers: { connection: "close", ...headers }, redirect: "manual", signal })
  } catch (thrown) {
    sending.signal.throwIfAborted()
    if (signal.aborted) throw new Error(`no answer within ${sending.timeoutMs} ms`, { cause: thrown })
    throw new Error(reasonOf(thrown), { cause: thrown })
  }
}

function redirected(from: URL, location: string | null): URL {
  if (location === null) throw new Error("the receiver redirected to nowhere")
  if (!URL.canParse(location, from.href)) throw new Error("the receiver redirected to what is not an address")
  const to = new URL(location, from)
  const downgraded = from.protocol === "https:" && to.protocol !== "https:"
  if (to.hostname === from.hostname && !downgraded && (to.port === from.port || upgraded(from, to))) return to
  throw new Error(`the receiver redirected to ${downgraded ? "an unencrypted address" : to.host}, which is not followed`)
}

/** From http to https on their usual ports is still the same host. */
function upgraded(from: URL, to: URL): boolean {
  return from.protocol === "http:" && to.protocol === "https:" && from.port === "" && to.port === ""
}

/** Throws when it is not an address of the web; the text of it is not repeated. */
export function addressOf(secret: Secret): URL {
  const text = secret.reveal()
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) throw new Error("the address is not one of http or https")
  return url
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined
  if (cause instanceof AggregateError) return cause.errors.map(messageOf).join(", ")
  return cause instanceof Error ? cause.message : messageOf(thrown)
}
