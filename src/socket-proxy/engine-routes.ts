import { projectInfo, projectVersion } from "./project-engine.ts"
import type { Forward, Method, Route } from "./route.ts"
import { only } from "./route-shapes.ts"

export const engineRoutes: readonly Route[] = [
  plain("GET", "/_ping", "stream"),
  plain("HEAD", "/_ping", "stream"),
  plain("GET", "/version", "json", projectVersion),
  plain("GET", "/info", "json", projectInfo),
]

function plain(method: Method, path: string, answer: Forward["answer"], project?: Forward["project"]): Route {
  const forward: Forward = { path, answer, ...(project === undefined ? {} : { project }) }
  return {
    title: `engine ${path.slice(1)}`,
    method,
    path: new RegExp(`^${path}$`),
    switches: [],
    query: {},
    body: "none",
    plan: () => only(forward),
  }
}
