import { readBounded } from "../../base/bounded-body.ts"
import { HoldfastError, messageOf } from "../../base/errors.ts"

export interface Download {
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly maxBytes: number
}

const MAX_REDIRECTS = 3

/**
 * The bytes at an address. A redirect is followed to the same host only. Throws RELEASE_UNKNOWN for a file that is not there,
 * RELEASE_SOURCE_UNREACHABLE, RELEASE_SOURCE_REFUSED.
 */
export async function download(url: URL, options: Download): Promise<Uint8Array> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)])
  let at = url
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const response = await ask(at, options, signal)
    if (response.status === 200) return await readBody(response, at, options, signal)
    // A body that nobody reads keeps the connection.
    await response.body?.cancel()
    if (response.status === 404 || response.status === 410) throw new HoldfastError("RELEASE_UNKNOWN", { what: `there is no ${at.href}` })
    if (![301, 302, 303, 307, 308].includes(response.status)) throw unreachable(at, `it answered ${response.status}`)
    at = redirected(at, response.headers.get("location"))
  }
  throw refused(url, `it redirected more than ${MAX_REDIRECTS} times`)
}

async function ask(url: URL, options: Download, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { redirect: "manual", signal, headers: { accept: "*/*", "accept-encoding": "identity", connection: "close" } })
  } catch (thrown) {
    throw failure(url, options, signal, thrown)
  }
}

async function readBody(response: Response, url: URL, options: Download, signal: AbortSignal): Promise<Uint8Array> {
  try {
    const body = await readBounded(response.body, options.maxBytes)
    if (body !== null) return body
  } catch (thrown) {
    throw failure(url, options, signal, thrown)
  }
  throw refused(url, `it has more than ${options.maxBytes} bytes`)
}

function redirected(from: URL, location: string | null): URL {
  if (location === null || !URL.canParse(location, from.href)) throw refused(from, "it redirected to what is no address")
  const to = new URL(location, from)
  if (to.origin === from.origin) return to
  throw refused(from, `it redirected to ${to.origin}, which is not followed`)
}

function failure(url: URL, options: Download, signal: AbortSignal, thrown: unknown): unknown {
  options.signal.throwIfAborted()
  if (signal.aborted) return unreachable(url, `no answer within ${options.timeoutMs} ms`)
  // `fetch failed` says nothing; its cause does.
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown
  return unreachable(url, cause instanceof AggregateError ? cause.errors.map(messageOf).join(", ") : messageOf(cause))
}

function unreachable(url: URL, why: string): HoldfastError {
  return new HoldfastError("RELEASE_SOURCE_UNREACHABLE", { what: `${url.href} cannot be fetched`, why })
}

function refused(url: URL, why: string): HoldfastError {
  return new HoldfastError("RELEASE_SOURCE_REFUSED", { what: `${url.href} is not accepted`, why })
}
