import { containerRoutes } from "./container-routes.ts"
import { engineRoutes } from "./engine-routes.ts"
import { imageRoutes } from "./image-routes.ts"
import { networkRoutes } from "./network-routes.ts"
import type { Policy } from "./policy.ts"
import { Refusal, quoted } from "./refusal.ts"
import type { Route } from "./route.ts"
import { volumeRoutes } from "./volume-routes.ts"

/** Everything that is let through. What is not here is refused. */
export const routeTable: readonly Route[] = [...engineRoutes, ...containerRoutes, ...networkRoutes, ...volumeRoutes, ...imageRoutes]

/** The route of a method and a path, and what the path names. Throws a Refusal. */
export function routeOf(method: string, path: string): { readonly route: Route; readonly name: string } {
  for (const route of routeTable) {
    const found = route.method === method ? route.path.exec(path) : null
    if (found !== null) return { route, name: found[1] ?? "" }
  }
  throw new Refusal(`${quoted(`${method} ${path}`)} is not let through`)
}

/** Throws a Refusal where the operator took the route away, or never gave it. */
export function assertSwitchedOn({ title, method, switches, permission }: Route, policy: Policy): void {
  if (permission !== undefined && !policy.permissions.includes(permission)) {
    throw new Refusal(`${title} is not allowed; the proxy was started without \`--allow ${permission}\``)
  }
  const changes = method !== "GET" && method !== "HEAD"
  const off = [...switches, ...(changes ? (["POST"] as const) : [])].find((name) => !policy.switches[name])
  if (off !== undefined) throw new Refusal(`${title} is switched off by ${off}=0`)
}
