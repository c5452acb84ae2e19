import { createExecSchema, startExecSchema } from "./body/create-rest.ts"
import { updateSchema } from "./body/host-config.ts"
import { readContainer } from "./container-body.ts"
import { rebuildFilters } from "./filters.ts"
import { planOfOne } from "./plan-of-one.ts"
import { projectContainer, projectContainers } from "./project-container.ts"
import { asJson, PATTERN, readBody, type Call, type Forward, type Method, type Route } from "./route.ts"

const { flag, count, tail, time, name, signal, filters, text } = PATTERN

type More = Omit<Forward, "path" | "query">
type Options = Partial<Pick<Route, "query" | "body" | "permission">>

/** A route below `/containers/{id}`: the container is looked up, must be ours, and is called by its id from then on. */
function ofOne(method: Method, verb: string, query: Route["query"], more: (call: Call) => More, options: Options = {}): Route {
  return {
    title: `container ${verb === "" ? "remove" : verb}`,
    method,
    path: new RegExp(`^/containers/([a-zA-Z0-9][\\w.-]*)${verb === "" ? "" : `/${verb}`}$`),
    switches: ["CONTAINERS"],
    query,
    body: "none",
    ...options,
    plan: (call, policy) => {
      const rest = more(call)
      return planOfOne({ kind: "container", name: call.name }, policy, ({ id }) => ({
        path: `/containers/${id}${verb === "" ? "" : `/${verb}`}`,
        query: call.query,
        ...rest,
      }))
    },
  }
}

const answered = (): More => ({ answer: "json" })
const streamed = (): More => ({ answer: "stream" })
const streams = { stdin: flag, stdout: flag, stderr: flag, stream: flag, logs: flag, detachKeys: text }

export const containerRoutes: readonly Route[] = [
  {
    title: "container list",
    method: "GET",
    path: /^\/containers\/json$/,
    switches: ["CONTAINERS"],
    query: { all: flag, limit: count, size: flag, filters },
    body: "none",
    plan: ({ query }) => ({
      asks: [],
      forward: () => {
        const { filters: wanted, ...rest } = query
        return { path: "/containers/json", query: { ...rest, ...rebuildFilters(wanted) }, answer: "json", project: projectContainers }
      },
    }),
  },
  {
    title: "container create",
    method: "POST",
    path: /^\/containers\/create$/,
    switches: ["CONTAINERS"],
    query: { name, platform: /^[a-z0-9/]{0,40}$/ },
    body: "json",
    plan: ({ query, body }, policy) => {
      const understood = readContainer(body, policy)
      return {
        asks: understood.asks,
        forward: (found) => ({ path: "/containers/create", query, body: understood.rebuilt(found), answer: "json" }),
      }
    },
  },
  ofOne("GET", "json", { size: flag }, () => ({ answer: "json", project: projectContainer })),
  ofOne("GET", "top", {}, answered),
  ofOne(
    "GET",
    "logs",
    { follow: flag, stdout: flag, stderr: flag, since: time, until: time, timestamps: flag, tail, details: flag },
    streamed,
  ),
  ofOne("GET", "stats", { stream: flag, "one-shot": flag }, streamed),
  ofOne("POST", "start", {}, answered),
  ofOne("POST", "stop", { t: count, signal }, streamed),
  ofOne("POST", "restart", { t: count, signal }, streamed),
  ofOne("POST", "kill", { signal }, answered),
  ofOne("POST", "pause", {}, answered),
  ofOne("POST", "unpause", {}, answered),
  ofOne("POST", "rename", { name }, answered),
  ofOne("POST", "resize", { h: count, w: count }, answered),
  ofOne("POST", "wait", { condition: /^(|not-running|next-exit|removed)$/ }, streamed),
  ofOne("POST", "update", {}, ({ body }) => ({ answer: "json", body: asJson(readBody(updateSchema, body)) }), { body: "json" }),
  ofOne("DELETE", "", { v: flag, force: flag }, answered),
  ofOne("POST", "attach", streams, () => ({ answer: "attached" }), { permission: "attach" }),
  ofOne("HEAD", "archive", { path: text }, streamed, { permission: "archive" }),
  ofOne("GET", "archive", { path: text }, streamed, { permission: "archive" }),
  ofOne("PUT", "archive", { path: text, noOverwriteDirNonDir: flag, copyUIDGID: flag }, streamed, {
    permission: "archive",
    body: "archive",
  }),
  { ...ofOne("POST", "exec", {}, createExec, { permission: "exec", body: "json" }), switches: ["CONTAINERS", "EXEC"] },
  ofExec("POST", "start", {}, startExec, "json"),
  ofExec("POST", "resize", { h: count, w: count }, answered),
  ofExec("GET", "json", {}, answered),
]

function createExec({ body }: Call): More {
  return { answer: "json", body: asJson(readBody(createExecSchema, body)) }
}

function startExec({ body }: Call): More {
  const asked = readBody(startExecSchema, body)
  return { answer: asked.Detach === true ? "json" : "attached", body: asJson(asked) }
}

function ofExec(method: Method, verb: string, query: Route["query"], more: (call: Call) => More, body: Route["body"] = "none"): Route {
  return {
    title: `exec ${verb}`,
    method,
    path: new RegExp(`^/exec/([0-9a-f]{64})/${verb}$`),
    switches: ["CONTAINERS", "EXEC"],
    permission: "exec",
    query,
    body,
    plan: (call, policy) => {
      const rest = more(call)
      return planOfOne({ kind: "exec", name: call.name }, policy, ({ id }) => ({ path: `/exec/${id}/${verb}`, query: call.query, ...rest }))
    },
  }
}
