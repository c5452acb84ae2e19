import { createNetworkSchema } from "./body/create-rest.ts"
import { connectSchema, disconnectSchema } from "./body/endpoint.ts"
import { rebuildFilters } from "./filters.ts"
import { oursOf, planOfOne } from "./plan-of-one.ts"
import { projectNetwork, projectNetworks } from "./project-place.ts"
import { asJson, PATTERN, readBody, type Ask, type Route } from "./route.ts"
import { changing, ID, list, one, only } from "./route-shapes.ts"
import { ownLabels } from "./scope.ts"

export const networkRoutes: readonly Route[] = [
  list("network", "/networks", (call) => ({
    path: "/networks",
    query: rebuildFilters(call.query["filters"]),
    answer: "json",
    project: projectNetworks,
  })),
  one("GET", "network", { verbose: PATTERN.flag, scope: /^(|local)$/ }, (call, id) => ({
    path: `/networks/${id}`,
    query: call.query,
    answer: "json",
    project: projectNetwork,
  })),
  one("DELETE", "network", {}, (_, id) => ({ path: `/networks/${id}`, answer: "json" })),
  {
    ...changing("network create", /^\/networks\/create$/, "NETWORKS"),
    plan: ({ body }, policy) => {
      const asked = readBody(createNetworkSchema, body)
      return only({ path: "/networks/create", body: asJson({ ...asked, Labels: ownLabels(asked.Labels, policy) }), answer: "json" })
    },
  },
  {
    ...changing("network connect", new RegExp(`^/networks/${ID}/connect$`), "NETWORKS"),
    plan: (call, policy) => {
      const asked = readBody(connectSchema, call.body)
      const container: Ask = { kind: "container", name: asked.Container }
      return planOfOne(
        { kind: "network", name: call.name },
        policy,
        ({ id }, found) => ({
          path: `/networks/${id}/connect`,
          body: asJson({ ...asked, Container: oursOf(container, found, policy).id }),
          answer: "json",
        }),
        [container],
      )
    },
  },
  {
    ...changing("network disconnect", new RegExp(`^/networks/${ID}/disconnect$`), "NETWORKS"),
    plan: (call, policy) => {
      const asked = readBody(disconnectSchema, call.body)
      const container: Ask = { kind: "container", name: asked.Container }
      return planOfOne(
        { kind: "network", name: call.name },
        policy,
        ({ id }, found) => ({
          path: `/networks/${id}/disconnect`,
          body: asJson({ ...asked, Container: oursOf(container, found, policy).id }),
          answer: "json",
        }),
        [container],
      )
    },
  },
]
