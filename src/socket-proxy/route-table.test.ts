import { describe, expect, it } from "vitest"
import { call, create, ID, understand } from "../../test/fixture/socket-proxy/asking.ts"
import { harmless } from "../../test/fixture/socket-proxy/hostile.ts"
import { routeOf, routeTable } from "./route-table.ts"
import { askKey } from "./socket-proxy.ts"

const everything = { permissions: ["exec", "attach", "archive"], repositories: ["chat"] } as const

describe("what is let through", () => {
  it("is this and nothing more: method, title, what it hangs on, parameters, body", () => {
    const table = routeTable.map(({ method, title, switches, permission, query, body }) => {
      const hangsOn = [...switches, ...(permission === undefined ? [] : [`--allow ${permission}`])].join(" ")
      return [`${method} ${title}`, hangsOn, Object.keys(query).join(" "), body]
    })
    expect(table).toEqual([
      ["GET engine _ping", "", "", "none"],
      ["HEAD engine _ping", "", "", "none"],
      ["GET engine version", "", "", "none"],
      ["GET engine info", "", "", "none"],
      ["GET container list", "CONTAINERS", "all limit size filters", "none"],
      ["POST container create", "CONTAINERS", "name platform", "json"],
      ["GET container json", "CONTAINERS", "size", "none"],
      ["GET container top", "CONTAINERS", "", "none"],
      ["GET container logs", "CONTAINERS", "follow stdout stderr since until timestamps tail details", "none"],
      ["GET container stats", "CONTAINERS", "stream one-shot", "none"],
      ["POST container start", "CONTAINERS", "", "none"],
      ["POST container stop", "CONTAINERS", "t signal", "none"],
      ["POST container restart", "CONTAINERS", "t signal", "none"],
      ["POST container kill", "CONTAINERS", "signal", "none"],
      ["POST container pause", "CONTAINERS", "", "none"],
      ["POST container unpause", "CONTAINERS", "", "none"],
      ["POST container rename", "CONTAINERS", "name", "none"],
      ["POST container resize", "CONTAINERS", "h w", "none"],
      ["POST container wait", "CONTAINERS", "condition", "none"],
      ["POST container update", "CONTAINERS", "", "json"],
      ["DELETE container remove", "CONTAINERS", "v force", "none"],
      ["POST container attach", "CONTAINERS --allow attach", "stdin stdout stderr stream logs detachKeys", "none"],
      ["HEAD container archive", "CONTAINERS --allow archive", "path", "none"],
      ["GET container archive", "CONTAINERS --allow archive", "path", "none"],
      ["PUT container archive", "CONTAINERS --allow archive", "path noOverwriteDirNonDir copyUIDGID", "archive"],
      ["POST container exec", "CONTAINERS EXEC --allow exec", "", "json"],
      ["POST exec start", "CONTAINERS EXEC --allow exec", "", "json"],
      ["POST exec resize", "CONTAINERS EXEC --allow exec", "h w", "none"],
      ["GET exec json", "CONTAINERS EXEC --allow exec", "", "none"],
      ["GET network list", "NETWORKS", "filters", "none"],
      ["GET network inspect", "NETWORKS", "verbose scope", "none"],
      ["DELETE network remove", "NETWORKS", "", "none"],
      ["POST network create", "NETWORKS", "", "json"],
      ["POST network connect", "NETWORKS", "", "json"],
      ["POST network disconnect", "NETWORKS", "", "json"],
      ["GET volume list", "", "filters", "none"],
      ["GET volume inspect", "", "", "none"],
      ["DELETE volume remove", "VOLUMES", "force", "none"],
      ["POST volume create", "VOLUMES", "", "json"],
      ["GET image list", "IMAGES", "all filters digests shared-size", "none"],
      ["GET image inspect", "IMAGES", "", "none"],
      ["POST image pull", "IMAGES", "fromImage tag platform", "none"],
      ["POST image tag", "IMAGES", "repo tag", "none"],
      ["DELETE image remove", "IMAGES", "noprune", "none"],
    ])
  })

  it.each([
    ["GET", "/_ping"],
    ["GET", "/version"],
    ["GET", "/info"],
    ["GET", "/containers/json"],
    ["POST", "/containers/create"],
    ["GET", "/networks"],
    ["POST", "/networks/create"],
    ["GET", "/volumes"],
    ["POST", "/volumes/create"],
    ["POST", "/images/create"],
  ])("is %s %s alone, with nothing before or behind it", (method, path) => {
    const around = [`/x${path}`, `${path}/x/y`, `${path}x/y`]
    expect(routeOf(method, path)).toMatchObject({ route: { method }, name: "" })
    for (const other of around) expect(() => routeOf(method, other)).toThrow(`"${method} ${other}" is not let through`)
  })
})

const FILTERS = `filters=${encodeURIComponent('{"name":{"x":true}}')}`

/** Each of them with all of its parameters; `ours` is what the engine knows by the id that the request goes on with. */
const containerCalls: readonly (readonly [method: string, target: string, answer: string])[] = [
  ["GET", "/containers/ours/json?size=1", "json"],
  ["GET", "/containers/ours/top", "json"],
  ["GET", "/containers/ours/logs?follow=1&stdout=1&stderr=1&since=1700000000.5&until=0&timestamps=1&tail=all&details=0", "stream"],
  ["GET", "/containers/ours/logs?tail=100", "stream"],
  ["GET", "/containers/ours/stats?stream=0&one-shot=1", "stream"],
  ["POST", "/containers/ours/start", "json"],
  ["POST", "/containers/ours/stop?t=-1&signal=SIGINT", "stream"],
  ["POST", "/containers/ours/restart?t=10&signal=9", "stream"],
  ["POST", "/containers/ours/kill?signal=SIGRTMIN%2B3", "json"],
  ["POST", "/containers/ours/pause", "json"],
  ["POST", "/containers/ours/unpause", "json"],
  ["POST", "/containers/ours/rename?name=other", "json"],
  ["POST", "/containers/ours/resize?h=24&w=80", "json"],
  ["POST", "/containers/ours/wait?condition=", "stream"],
  ["POST", "/containers/ours/wait?condition=not-running", "stream"],
  ["POST", "/containers/ours/wait?condition=next-exit", "stream"],
  ["POST", "/containers/ours/wait?condition=removed", "stream"],
  ["DELETE", "/containers/ours?v=true&force=False", "json"],
  ["POST", "/containers/ours/attach?stdin=1&stdout=1&stderr=1&stream=1&logs=1&detachKeys=ctrl-p", "attached"],
  ["HEAD", "/containers/ours/archive?path=%2Fx", "stream"],
  ["GET", "/containers/ours/archive?path=%2Fx", "stream"],
  ["PUT", "/containers/ours/archive?path=%2Fx&noOverwriteDirNonDir=1&copyUIDGID=1", "stream"],
]

const otherCalls: readonly (readonly [method: string, target: string, asked: readonly string[], target: string, answer: string])[] = [
  ["GET", "/_ping", [], "/_ping", "stream"],
  ["HEAD", "/v1.41/_ping", [], "/v1.41/_ping", "stream"],
  ["GET", "/version", [], "/version", "json"],
  ["GET", "/info", [], "/info", "json"],
  ["GET", `/containers/json?all=1&limit=-1&size=0&${FILTERS}`, [], `/containers/json?all=1&limit=-1&size=0&${FILTERS}`, "json"],
  ["GET", "/containers/json", [], "/containers/json", "json"],
  ["POST", `/exec/${ID}/resize?h=24&w=80`, [`exec ${ID}`], `/exec/${ID}/resize?h=24&w=80`, "json"],
  ["GET", `/exec/${ID}/json`, [`exec ${ID}`], `/exec/${ID}/json`, "json"],
  ["GET", `/networks?${FILTERS}`, [], `/networks?${FILTERS}`, "json"],
  ["GET", "/networks/ours_default?verbose=1&scope=local", ["network ours_default"], `/networks/${ID}?verbose=1&scope=local`, "json"],
  ["GET", "/networks/ours_default?scope=", ["network ours_default"], `/networks/${ID}?scope=`, "json"],
  ["DELETE", "/networks/ours_default", ["network ours_default"], `/networks/${ID}`, "json"],
  ["GET", `/volumes?${FILTERS}`, [], `/volumes?${FILTERS}`, "json"],
  ["GET", "/volumes/ours_data", ["volume ours_data"], "/volumes/ours_data", "json"],
  ["DELETE", "/volumes/ours_data?force=1", ["volume ours_data"], "/volumes/ours_data?force=1", "json"],
  // The other parameters of this list change nothing of what is shown.
  ["GET", `/images/json?all=1&digests=1&shared-size=1&${FILTERS}`, [], `/images/json?${FILTERS}`, "json"],
  ["GET", "/images/chat:1/json", [], "/images/chat:1/json", "json"],
  [
    "POST",
    "/images/create?fromImage=chat&tag=1&platform=linux/arm64",
    [],
    "/images/create?fromImage=chat&tag=1&platform=linux%2Farm64",
    "stream",
  ],
  ["POST", "/images/create?fromImage=chat:1&tag=&platform=", [], "/images/create?fromImage=chat%3A1&platform=", "stream"],
  ["POST", "/images/chat:1/tag?repo=chat&tag=latest", [], "/images/chat:1/tag?repo=chat&tag=latest", "json"],
  ["DELETE", "/images/chat:1?noprune=1", [], "/images/chat:1?noprune=1", "json"],
]

describe("a request", () => {
  it.each(containerCalls)("of one container is written with its id: %s %s is answered as %s", (method, target, answer) => {
    const asked = understand({ method, target }, everything)
    expect(asked).toMatchObject({ ok: true, asks: [{ kind: "container", name: "ours" }] })
    expect(call(method, target, everything)).toMatchObject({
      ok: true,
      method,
      target: target.replace("/ours", `/${ID}`),
      body: undefined,
      answer,
    })
  })

  it.each(otherCalls)("of anything else is written anew: %s %s asks for %j and goes on as %s, answered as %s", (...row) => {
    const [method, target, asked, goesOn, answer] = row
    const understood = understand({ method, target }, everything)
    expect(understood.ok ? understood.asks.map(askKey) : understood).toEqual(asked)
    expect(call(method, target, everything)).toMatchObject({ ok: true, method, target: goesOn, body: undefined, answer })
  })

  it.each<[string, object, readonly string[], string, string]>([
    ["/networks/create", { Name: "front" }, [], "/networks/create", "json"],
    [
      "/networks/ours_default/connect",
      { Container: "ours" },
      ["network ours_default", "container ours"],
      `/networks/${ID}/connect`,
      "json",
    ],
    [
      "/networks/ours_default/disconnect",
      { Container: "ours" },
      ["network ours_default", "container ours"],
      `/networks/${ID}/disconnect`,
      "json",
    ],
    ["/volumes/create", {}, [], "/volumes/create", "json"],
    ["/volumes/create", { Name: "ours_data" }, ["volume ours_data"], "/volumes/create", "json"],
    ["/containers/create?name=web&platform=linux/arm64", harmless, [], "/containers/create?name=web&platform=linux%2Farm64", "json"],
    ["/containers/ours/update", { Memory: 1 }, ["container ours"], `/containers/${ID}/update`, "json"],
    ["/containers/ours/exec", { Cmd: ["id"] }, ["container ours"], `/containers/${ID}/exec`, "json"],
    [`/exec/${ID}/start`, { Detach: true }, [`exec ${ID}`], `/exec/${ID}/start`, "json"],
    [`/exec/${ID}/start`, { Detach: false }, [`exec ${ID}`], `/exec/${ID}/start`, "attached"],
  ])("with a body is written anew: POST %s %j asks for %j and goes on as %s, answered as %s", (target, body, asked, goesOn, answer) => {
    const understood = understand({ target, body: JSON.stringify(body) }, { permissions: ["exec"] })
    expect(understood.ok ? understood.asks.map(askKey) : understood).toEqual(asked)
    expect(call("POST", target, { permissions: ["exec"] }, body)).toMatchObject({ ok: true, method: "POST", target: goesOn, answer })
  })

  it.each<[string, string, readonly string[]]>([
    ["GET", "/containers/json?all", ["2", "yes", "tru", "1 "]],
    ["GET", "/containers/json?limit", ["", "x", "1.5", "12345678901"]],
    ["GET", "/containers/json?filters", ["", "x", "[]", "{}x"]],
    ["POST", "/containers/create?name", ["", "-a", "a b", "/", "a/b", "//a"]],
    ["POST", "/containers/create?platform", ["Linux", "linux x", "x".repeat(41)]],
    ["GET", "/containers/ours/logs?tail", ["", "some", "-1", "1234567890"]],
    ["GET", "/containers/ours/logs?since", ["a b", "x".repeat(41)]],
    ["POST", "/containers/ours/kill?signal", ["", "sigint", "A B", "X".repeat(17)]],
    ["POST", "/containers/ours/wait?condition", ["running", "removed2", "xremoved"]],
    ["POST", "/containers/ours/rename?name", ["", "a b"]],
    ["GET", "/networks/ours_default?scope", ["swarm", "local2", "xlocal"]],
    ["GET", "/networks/ours_default?verbose", ["2"]],
    ["DELETE", "/volumes/ours_data?force", ["2"]],
    ["GET", "/images/json?shared-size", ["2"]],
    ["POST", "/images/create?fromImage", ["", "a b", " a", "a ", "x".repeat(513)]],
    ["POST", "/images/create?tag", ["a b", " a", "a ", "a/b", "x".repeat(201)]],
    ["POST", "/images/create?platform", ["Linux", "linux x", "x".repeat(41)]],
    ["POST", "/images/chat/tag?repo", ["", "a@b", "@b", "a@", "x".repeat(513)]],
    ["POST", "/images/chat/tag?tag", ["1:2", ":1", "1:", "x".repeat(129)]],
    ["DELETE", "/images/chat?noprune", ["2"]],
    ["GET", "/containers/ours/archive?path", ["x".repeat(1025)]],
    ["GET", "/_ping?x", ["1"]],
  ])("is refused for the value of a parameter: %s %s=%j", (method, parameter, values) => {
    const name = parameter.slice(parameter.indexOf("?") + 1)
    for (const value of values) {
      expect(call(method, `${parameter}=${encodeURIComponent(value)}`, everything), value).toEqual({
        ok: false,
        status: 400,
        why: `the parameter "${name}" is not taken here, or not with this value`,
      })
    }
  })

  it("of an image list with filters that are not understood says so", () => {
    expect(call("GET", `/images/json?filters=${encodeURIComponent('{"x":["y"]}')}`)).toEqual({
      ok: false,
      status: 400,
      why: "the filters are not understood",
    })
  })

  it("takes no body where there is nothing to say", () => {
    for (const [method, target] of [...containerCalls, ...otherCalls]) {
      if (method === "PUT") continue
      const body = { x: 1 }
      expect(call(method, target, everything, body), target).toEqual({ ok: false, status: 400, why: "a body is not taken here" })
    }
    expect(create({})).toMatchObject({ ok: true })
  })
})

const secretive = { Secret: "x", Name: "/ours", Labels: { "com.docker.compose.project": "ours" }, RepoTags: ["chat:1"] }

describe("an answer", () => {
  it.each([
    ["GET", "/version"],
    ["GET", "/info"],
    ["GET", "/containers/json"],
    ["GET", "/containers/ours/json"],
    ["GET", "/networks"],
    ["GET", "/networks/ours_default"],
    ["GET", "/volumes"],
    ["GET", "/volumes/ours_data"],
    ["GET", "/images/json"],
    ["GET", "/images/chat:1/json"],
  ])("of %s %s is shown without what nobody has looked at", (method, target) => {
    const decision = call(method, target, everything)
    for (const answer of [secretive, [secretive], { Volumes: [secretive] }]) {
      const shown = decision.ok ? decision.project(answer) : decision
      expect(JSON.stringify(shown)).not.toContain("Secret")
    }
  })

  it("of what makes a volume is shown like the volume", () => {
    const made = call("POST", "/volumes/create", {}, { Name: "new" })
    expect(made.ok ? made.project({ Name: "new", Other: 1 }) : made).toEqual({ Name: "new", Options: null })
  })

  it("that says nothing of anybody is handed on as it is", () => {
    const answer = { Id: ID, Warnings: [] }
    const made = create({})
    expect(made.ok ? made.project(answer) : made).toBe(answer)
  })
})
