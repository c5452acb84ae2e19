import { BlockList, isIP, isIPv6 } from "node:net"
import { HoldfastError } from "../../../base/errors.ts"

/** `panel` of the settings. */
export interface PanelSettings {
  readonly listen: string
  readonly baseUrl?: string | undefined
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined
  readonly trustedProxies: readonly string[]
}

/** Where to listen, and what is believed of whoever comes. */
export interface Place {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly tls: { readonly certificate: string; readonly key: string } | null
  readonly baseUrl: URL | null
  /** Proxies whose headers are believed. */
  readonly trusted: BlockList
  readonly trustsSomebody: boolean
}

/**
 * Reads the panel's settings.
 * @throws LISTEN_REFUSED for an address that others can reach without TLS or a named proxy, or that has no name to be checked;
 * SETTINGS_INVALID for what is no address at all
 */
export function placeOf(settings: PanelSettings): Place {
  const { host, port } = splitAddress(settings.listen)
  const trusted = trustedList(settings.trustedProxies)
  const tls = settings.tls ?? null
  const trustsSomebody = settings.trustedProxies.length > 0
  if (!isLoopback(host)) {
    if (tls === null && !trustsSomebody) throw refused(settings.listen, "others can reach it, and neither TLS nor a proxy is set")
    if (isWildcard(host) && settings.baseUrl === undefined)
      throw refused(settings.listen, "it is every address, and `panel.baseUrl` does not say which name people use", "Set `panel.baseUrl`.")
  }
  return { host, port, tls, baseUrl: settings.baseUrl === undefined ? null : new URL(settings.baseUrl), trusted, trustsSomebody }
}

/** What the `Host` header may say once the port is known, and which origins that makes. */
export function namesOf(place: Place, port: number): { readonly hosts: ReadonlySet<string>; readonly origins: readonly string[] } {
  const scheme = place.tls === null ? "http" : "https"
  const loopback = isLoopback(place.host) || isWildcard(place.host) ? ["127.0.0.1", "localhost", "[::1]"] : [bracketed(place.host)]
  const own = loopback.map((name) => new URL(`${scheme}://${name}:${port}`))
  const all = place.baseUrl === null ? own : [place.baseUrl, ...own]
  // Each port as browsers send it: left out where it is the usual one.
  return { hosts: new Set(all.map((url) => url.host.toLowerCase())), origins: [...new Set(all.map((url) => url.origin))] }
}

function splitAddress(listen: string): { host: string; port: number } {
  const found = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(listen)
  const host = found?.[1] ?? found?.[2]
  const port = Number(found?.[3])
  if (host !== undefined && port <= 65_535) return { host, port }
  throw new HoldfastError("SETTINGS_INVALID", {
    what: `panel.listen is ${JSON.stringify(listen)}, not an address and a port`,
    hint: "Write it like 127.0.0.1:8420 or [::1]:8420.",
  })
}

function trustedList(names: readonly string[]): BlockList {
  const list = new BlockList()
  for (const name of names) {
    const [address = "", bits] = name.split("/")
    const family = isIPv6(address) ? "ipv6" : "ipv4"
    const most = family === "ipv6" ? 128 : 32
    const width = bits === undefined ? most : Number(bits)
    if (isIP(address) === 0 || !Number.isInteger(width) || width < 0 || width > most)
      throw new HoldfastError("SETTINGS_INVALID", {
        what: `panel.trustedProxies names ${JSON.stringify(name)}, which is no address or network`,
      })
    list.addSubnet(address, width, family)
  }
  return list
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.")
}

function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::"
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host
}

function refused(listen: string, why: string, hint?: string): HoldfastError {
  return new HoldfastError("LISTEN_REFUSED", {
    what: `the panel does not listen on ${listen}`,
    why,
    ...(hint === undefined ? {} : { hint }),
  })
}
