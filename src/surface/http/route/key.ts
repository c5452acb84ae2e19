import type { Route } from "./route.ts"

/** What a route is called in the role matrix: `GET /api/v1/me`. */
export function keyOf({ method, path }: Pick<Route, "method" | "path">): string {
  return `${method} ${path}`
}
