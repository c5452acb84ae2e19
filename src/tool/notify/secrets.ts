import type { Receiver } from "../../posture/ports.ts"

/** What must not be repeated in an error, the longest first, so that no part of one stays. */
export function secretsOf(receiver: Receiver): readonly string[] {
  return candidates(receiver)
    .filter((text) => text.length >= 4)
    .toSorted((left, right) => right.length - left.length)
}

function candidates(receiver: Receiver): readonly string[] {
  if (receiver.kind === "email") {
    const password = receiver.server.password?.reveal()
    return password === undefined ? [] : [password, Buffer.from(password).toString("base64")]
  }
  const token = receiver.kind === "ntfy" ? receiver.token?.reveal() : undefined
  return [...partsOf(receiver.url.reveal()), ...(token === undefined ? [] : [token])]
}

/** The path and the query of an address are often all that is needed to write there. */
function partsOf(url: string): readonly string[] {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null) return [url]
  return [
    url,
    parsed.href,
    parsed.pathname,
    parsed.search,
    parsed.password,
    ...parsed.pathname.split("/").filter((part) => part.length >= 8),
  ]
}

/** A text with every secret in it replaced. */
export function hide(text: string, secrets: readonly string[]): string {
  return secrets.reduce((hidden, secret) => hidden.replaceAll(secret, "[secret]"), text)
}
