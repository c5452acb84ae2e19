import { HoldfastError } from "../../../base/errors.ts"

const HARMLESS = new Set(["GET", "HEAD"])
export const OWN_HEADER = "x-holdfast"

/**
 * Refuses what another site made a browser send (F138): without our header, which no form and no simple request can carry, or with an
 * origin that is not ours. Throws REQUEST_REFUSED.
 */
export function refuseForgery(method: string, headers: Headers, origins: readonly string[]): void {
  const site = headers.get("sec-fetch-site")
  const origin = headers.get("origin")
  if (HARMLESS.has(method)) return
  // A program with a key is no browser that can be made to send it.
  if (headers.get("authorization") !== null && headers.get("cookie") === null) return
  if (headers.get(OWN_HEADER) === null) throw refused(`the header ${OWN_HEADER} is missing`)
  if (site !== null && site !== "same-origin" && site !== "none") throw refused(`it comes from another site (${site})`)
  if (origin !== null && !origins.includes(origin)) throw refused(`its origin is ${origin}`)
}

/** A name that is not ours leads here: somebody rebinds it. Throws REQUEST_REFUSED. */
export function refuseForeignHost(host: string, hosts: ReadonlySet<string>): void {
  if (hosts.has(host)) return
  throw new HoldfastError("REQUEST_REFUSED", {
    what: "the request names another host",
    why: `${JSON.stringify(host.slice(0, 200))} is not how this panel is reached`,
    hint: "Set `panel.baseUrl` to the address that people use.",
  })
}

function refused(why: string): HoldfastError {
  return new HoldfastError("REQUEST_REFUSED", { what: "the request looks like a forgery", why })
}
