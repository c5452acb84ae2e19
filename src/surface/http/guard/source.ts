import type { BlockList } from "node:net"
import { isIPv4, isIPv6 } from "node:net"

export interface Arrival {
  /** Address that the request comes from; a proxy's word for it counts only if the proxy is trusted. */
  readonly source: string
  /** As the browser sent it, lower case. */
  readonly host: string
}

/** Who is at the other end, from the connection and, where it is a trusted proxy, from its headers (F142). */
export function arrivalOf(peer: string, headers: Headers, trusted: BlockList): Arrival {
  const direct = plain(peer)
  const host = (headers.get("host") ?? "").toLowerCase()
  if (!isTrusted(direct, trusted)) return { source: direct, host }
  const forwarded = (headers.get("x-forwarded-host") ?? host).split(",").at(-1)?.trim().toLowerCase() ?? host
  return { source: nearestStranger(direct, headers.get("x-forwarded-for"), trusted), host: forwarded }
}

/** From the right: each trusted proxy added the one that it saw; what stands left of a stranger is what the stranger wrote. */
function nearestStranger(direct: string, forwardedFor: string | null, trusted: BlockList): string {
  const hops = (forwardedFor ?? "")
    .split(",")
    .map((hop) => plain(hop.trim()))
    .filter((hop) => hop !== "")
  let nearest = direct
  for (const hop of hops.toReversed()) {
    if (!isTrusted(nearest, trusted)) break
    nearest = hop
  }
  return nearest
}

function isTrusted(address: string, trusted: BlockList): boolean {
  if (isIPv4(address)) return trusted.check(address, "ipv4")
  return isIPv6(address) && trusted.check(address, "ipv6")
}

/** `::ffff:10.0.0.1` is 10.0.0.1. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "")
}
