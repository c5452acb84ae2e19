import { projectInfo, projectVersion } from "./project-engine.ts"
import type { Forward, Method, Route } from "./route.ts"
import { only } from "./route-shapes.ts"

export const engineRoutes: readonly Route[] = [
  plain("GET", "/_ping", { answer: "stream" }),
  plain("HEAD", "/_ping", { answer: "stream" }),
  plain("GET", "/version", { answer: "json", project: projectVersion }),
  plain("GET", "/info", { answer: "json", project: projectInfo }),
]

function plain(method: Method, path: string, rest: Pick<Forward, "answer" | "project">): Route {
  return {
    title: `engine ${path.slice(1)}`,
    method,
    path: new RegExp(`^${path}$`),
    switches: [],
    query: {},
    body: "none",
    plan: () => only({ path, ...rest }),
  }
}
