import { HoldfastError } from "../../base/errors.ts"

/** An address of releases, which lie below it. Throws RELEASE_SOURCE_REFUSED; an address with a password in it is not repeated. */
export function addressOf(text: string): URL {
  const url = fileAddressOf(text)
  // Otherwise the last part of the path would be replaced, not gone below.
  if (!url.pathname.endsWith("/")) url.pathname += "/"
  return url
}

/** The address of one file, under the same rules. */
export function fileAddressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null) throw refused("this is no address of releases")
  if (url.username !== "" || url.password !== "") throw refused("the address of releases holds a name or password")
  if (url.search !== "" || url.hash !== "") throw refused(`the address ${url.host} has something after its path`)
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname))) {
    throw refused(`${url.protocol}//${url.host} is not encrypted; that is allowed on this machine alone`)
  }
  return url
}

/** Only what can be nothing but this machine: a name may lead anywhere, except `localhost`. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.[0-9]+\.[0-9]+\.[0-9]+$/.test(hostname)
}

function refused(what: string): HoldfastError {
  return new HoldfastError("RELEASE_SOURCE_REFUSED", { what })
}
