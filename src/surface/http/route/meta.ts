import { contentSecurity } from "../guard/headers.ts"
import { describeApi } from "../openapi.ts"
import { renderDocs } from "../page/docs.ts"
import { none, streamRoute, type Route } from "./route.ts"

/** What machines and readers of the description ask for. `routes` are all others. */
export function metaRoutes(routes: readonly Route[]): readonly Route[] {
  return [
    streamRoute({
      method: "GET",
      path: "/healthz",
      summary: "Whether the service answers and its store can be read.",
      query: none,
      body: none,
      handle: async ({ ground }) => {
        await (await ground.house.use.store()).operations({ limit: 1 })
        return new Response("ok\n", { headers: { "content-type": "text/plain; charset=utf-8" } })
      },
    }),
    streamRoute({
      method: "GET",
      path: "/metrics",
      summary: "Measured values for Prometheus.",
      query: none,
      body: none,
      handle: async ({ ground }) => {
        const { contentType, text } = await ground.metrics()
        return new Response(text, { headers: { "content-type": contentType } })
      },
    }),
    streamRoute({
      method: "GET",
      path: "/api/v1/openapi.json",
      summary: "This description.",
      query: none,
      body: none,
      handle: async ({ ground }) => await Promise.resolve(Response.json(describeApi(routes, ground.house.version))),
    }),
    streamRoute({
      method: "GET",
      path: "/api/docs",
      summary: "This description, to be read.",
      query: none,
      body: none,
      handle: async ({ ground }) =>
        await Promise.resolve(
          new Response(renderDocs(describeApi(routes, ground.house.version)), {
            headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": contentSecurity("'unsafe-inline'") },
          }),
        ),
    }),
  ]
}
