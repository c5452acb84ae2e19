import { planOfOne } from "./plan-of-one.ts"
import { PATTERN, type Call, type Forward, type Plan, type Route } from "./route.ts"

const SWITCH = { network: "NETWORKS", volume: "VOLUMES", image: "IMAGES" } as const

/** The part of a path that names something, in full or by the beginning of an id. */
export const ID = String.raw`([a-zA-Z0-9][\w.-]*)`

/** A plan that needs nothing looked up. */
export const only = (forward: Forward): Plan => ({ asks: [], forward: () => forward })

/** What lists things of a kind. */
export function list(kind: "network" | "volume" | "image", path: string, forward: (call: Call) => Forward): Route {
  const switches = [SWITCH[kind]]
  return {
    title: `${kind} list`,
    method: "GET",
    path: new RegExp(`^${path}$`),
    switches,
    query: { filters: PATTERN.filters },
    body: "none",
    plan: (call) => only(forward(call)),
  }
}

/** What looks at one thing, or removes it. */
export function one(
  method: "GET" | "DELETE",
  kind: "network" | "volume",
  query: Route["query"],
  forward: (call: Call, id: string, name: string) => Forward,
): Route {
  return {
    title: `${kind} ${method === "GET" ? "inspect" : "remove"}`,
    method,
    path: new RegExp(`^/${kind}s/${ID}$`),
    switches: [SWITCH[kind]],
    query,
    body: "none",
    plan: (call, policy) => planOfOne({ kind, name: call.name }, policy, ({ id, name }) => forward(call, id, name)),
  }
}

/** What changes something; the plan is added by whoever uses it. */
export function changing(title: string, path: RegExp, switched: "NETWORKS" | "VOLUMES" | "IMAGES"): Omit<Route, "plan"> {
  return { title, method: "POST", path, switches: [switched], query: {}, body: "json" }
}
