import { describe, expect, it } from "vitest"
import { allOn, call, ID } from "../../test/fixture/socket-proxy/asking.ts"
import { foreign } from "../../test/fixture/socket-proxy/hostile.ts"
import { readSwitches, type Policy } from "./socket-proxy.ts"

describe("images", () => {
  const digest = `sha256:${"1".repeat(64)}`
  const pull = (query: string, changed?: Partial<Policy>) => call("POST", `/v1.41/images/create?${query}`, changed)

  it("are pulled from anywhere unless repositories are named", () => {
    expect(pull("fromImage=postgres&tag=17")).toMatchObject({ ok: true, target: "/v1.41/images/create?fromImage=postgres&tag=17" })
    const limited = { repositories: ["postgres"] }
    expect(pull("fromImage=docker.io/library/postgres&tag=17", limited)).toMatchObject({ ok: true })
    expect(pull("fromImage=evil&tag=17", limited)).toMatchObject({ ok: false })
    expect(pull("fromImage=postgres/evil&tag=17", limited)).toMatchObject({ ok: false })
  })

  it("are pulled by digest alone when told", () => {
    expect(pull("fromImage=postgres&tag=17", { digestsOnly: true })).toMatchObject({
      ok: false,
      why: '"postgres:17" is not pinned to a digest',
    })
    expect(pull(`fromImage=postgres&tag=${digest}`, { digestsOnly: true })).toMatchObject({ ok: true })
    expect(pull(`fromImage=postgres@${digest}`, { digestsOnly: true })).toMatchObject({ ok: true })
    expect(pull(`fromImage=${"1".repeat(64)}&tag=`)).toMatchObject({ ok: false })
    expect(pull("tag=17")).toEqual({ ok: false, status: 400, why: '":17" is not the name of an image' })
  })

  it("are pulled one tag at a time, whatever the registry's port looks like", () => {
    for (const name of ["postgres", "registry.example:5000/chat", "registry.example:5000/chat/server"]) {
      expect(pull(`fromImage=${name}`)).toEqual({ ok: false, status: 400, why: `"${name}" would pull every tag` })
    }
    expect(pull("fromImage=registry.example:5000/chat:1")).toMatchObject({ ok: true })
  })

  it("are tagged and removed within the allowed repositories alone", () => {
    const limited = { repositories: ["registry.example:5000/chat"] }
    const tag = (from: string, to: string, changed?: Partial<Policy>) => call("POST", `/images/${from}/tag?repo=${to}&tag=1`, changed)
    expect(tag("registry.example:5000/chat:2", "registry.example:5000/chat", limited)).toMatchObject({ ok: true })
    expect(tag("registry.example:5000/chat:2", "postgres", limited)).toMatchObject({ ok: false })
    expect(tag("postgres:17", "registry.example:5000/chat", limited)).toMatchObject({ ok: false })
    expect(tag("postgres:17", "mine")).toMatchObject({ ok: false })
    expect(call("POST", "/images/registry.example:5000/chat:2/tag?tag=1", limited)).toMatchObject({
      ok: false,
      why: '"" is not the name of an image',
    })
    expect(call("DELETE", "/images/registry.example:5000/chat:2?noprune=1", limited)).toMatchObject({ ok: true })
    expect(call("DELETE", "/images/registry.example:5000/chat:2?force=1", limited)).toMatchObject({ ok: false })
    expect(call("DELETE", "/images/postgres:17", limited)).toMatchObject({ ok: false })
  })

  it("are looked at by id, or by a name of the allowed repositories", () => {
    expect(call("GET", `/images/${digest}/json`, { repositories: ["chat"] })).toMatchObject({ ok: true })
    expect(call("GET", "/images/chat:1/json", { repositories: ["chat"] })).toMatchObject({ ok: true })
    expect(call("GET", "/images/postgres:17/json", { repositories: ["chat"] })).toMatchObject({ ok: false })
    expect(call("GET", "/images/Chat/json")).toMatchObject({ ok: false, status: 400 })
  })
})

describe("permissions", () => {
  const exec = { Cmd: ["id"], AttachStdout: true }

  it("open exec, attached streams and archives of our containers, each by itself", () => {
    expect(call("POST", "/containers/ours/exec", { permissions: ["exec"] }, exec)).toMatchObject({
      ok: true,
      target: `/containers/${ID}/exec`,
    })
    expect(call("POST", `/exec/${ID}/start`, { permissions: ["exec"] }, {})).toMatchObject({ ok: true, answer: "attached" })
    expect(call("POST", `/exec/${ID}/start`, { permissions: ["exec"] }, { Detach: true })).toMatchObject({ ok: true, answer: "json" })
    expect(call("POST", "/containers/ours/attach?stream=1&stdout=1", { permissions: ["attach"] })).toMatchObject({
      ok: true,
      answer: "attached",
    })
    expect(call("GET", "/containers/ours/archive?path=%2Fx", { permissions: ["archive"] })).toMatchObject({
      ok: true,
      target: `/containers/${ID}/archive?path=%2Fx`,
    })
    for (const [method, target] of [
      ["POST", "/containers/ours/exec"],
      ["POST", `/exec/${ID}/start`],
      ["POST", "/containers/ours/attach"],
      ["PUT", "/containers/ours/archive?path=/"],
    ] as const) {
      expect(call(method, target)).toMatchObject({ ok: false, status: 403, why: expect.stringContaining("--allow") })
    }
  })

  it("never reach somebody else's container, nor more than the container's own rights", () => {
    expect(call("POST", `/containers/${foreign.container}/exec`, { permissions: ["exec"] }, exec)).toMatchObject({ ok: false, status: 403 })
    expect(call("POST", "/containers/ours/exec", { permissions: ["exec"] }, { ...exec, Privileged: true })).toMatchObject({
      ok: false,
      status: 403,
    })
    expect(call("GET", `/containers/${foreign.container}/archive?path=/`, { permissions: ["archive"] })).toMatchObject({
      ok: false,
      status: 403,
    })
    expect(call("POST", `/containers/${foreign.container}/attach`, { permissions: ["attach"] })).toMatchObject({ ok: false, status: 403 })
  })

  it("let only restart policy and amounts be changed", () => {
    expect(
      call("POST", "/containers/ours/update", {}, { RestartPolicy: { Name: "no", MaximumRetryCount: 0 }, Memory: 1000 }),
    ).toMatchObject({ ok: true })
    expect(call("POST", "/containers/ours/update", {}, { Devices: [{ PathOnHost: "/dev/sda" }] })).toMatchObject({ ok: false })
  })
})

describe("switches", () => {
  const exec = { permissions: ["exec"] } as const

  it("take nothing away unless they are 0", () => {
    expect(readSwitches({ EXEC: "1", POST: "" })).toEqual(allOn)
    expect(Object.values(readSwitches({}))).toEqual(Array.from({ length: 8 }, () => true))
    expect(() => readSwitches({ EXEC: "false" })).toThrow(
      expect.objectContaining({ message: 'the switch EXEC is "false"', code: "USAGE", why: "it is 0 or 1" }),
    )
    for (const name of Object.keys(allOn)) expect(readSwitches({ [name]: "0" })).toEqual({ ...allOn, [name]: false })
  })

  it.each<[string, string, string, Partial<Policy>?]>([
    ["CONTAINERS", "GET", "/containers/json"],
    ["CONTAINERS", "POST", "/containers/ours/stop"],
    ["CONTAINERS", "POST", "/containers/ours/exec", exec],
    ["IMAGES", "GET", "/images/json"],
    ["IMAGES", "GET", "/images/a/json"],
    ["IMAGES", "POST", "/images/create?fromImage=a&tag=b"],
    ["NETWORKS", "GET", "/networks"],
    ["NETWORKS", "POST", "/networks/create"],
    ["VOLUMES", "POST", "/volumes/create"],
    ["VOLUMES", "DELETE", "/volumes/ours_data"],
    ["EXEC", "POST", "/containers/ours/exec", exec],
    ["EXEC", "GET", `/exec/${ID}/json`, exec],
    ["POST", "POST", "/containers/ours/start"],
    ["POST", "DELETE", "/containers/ours"],
    ["POST", "PUT", "/containers/ours/archive?path=/", { permissions: ["archive"] }],
  ])("%s=0 takes away %s %s", (name, method, target, changed = {}) => {
    expect(call(method, target, { ...changed, switches: readSwitches({ [name]: "0" }) })).toMatchObject({
      ok: false,
      status: 403,
      why: expect.stringContaining(`switched off by ${name}=0`),
    })
    const others = Object.fromEntries(Object.keys(allOn).map((each) => [each, "1"]))
    expect(call(method, target, { ...changed, switches: readSwitches(others) })).not.toMatchObject({
      why: expect.stringContaining("switched off"),
    })
  })

  it("leave what Compose asks before each start", () => {
    const guide = readSwitches({ CONTAINERS: "1", IMAGES: "1", NETWORKS: "1", POST: "1", EXEC: "0", VOLUMES: "0", SYSTEM: "0", BUILD: "0" })
    for (const target of ["/_ping", "/version", "/info", "/volumes/ours_data", "/volumes", "/containers/json"]) {
      expect(call("GET", `/v1.41${target}`, { switches: guide })).toMatchObject({ ok: true })
    }
    expect(call("POST", "/containers/ours/start", { switches: guide })).toMatchObject({ ok: true })
  })
})
