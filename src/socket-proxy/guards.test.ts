import { describe, expect, it } from "vitest"
import { ask, call, createHost, create, ID, ours, policy, understand } from "../../test/fixture/socket-proxy/asking.ts"
import { foreign, harmless } from "../../test/fixture/socket-proxy/hostile.ts"
import { assertBindable, isCanonical } from "./bind-source.ts"
import { readContainer } from "./container-body.ts"
import { checkJsonType, readHeaders } from "./head.ts"
import { assertPullable, fullName, isListed, readImageName } from "./image-name.ts"
import { quoted, Refusal } from "./refusal.ts"
import { isOurs } from "./scope.ts"
import { openRequest, readSwitches, type Refused, type Written } from "./socket-proxy.ts"
import { readTarget } from "./target.ts"

describe("a host path", () => {
  it.each(["srv", "", "/", "/srv/", "/srv//x", "/srv/./x", "/srv/../x", "/srv:x", "/srv\n", "srv/x"])(
    "%j is not written plainly",
    (path) => {
      expect(isCanonical(path)).toBe(false)
      expect(() => assertBindable(path, null, true, policy)).toThrow("is not written plainly")
    },
  )

  it("that the operator named is taken, wherever it leads; one below it only where it stays", () => {
    const moved = { ...policy, bindSources: [{ path: "/srv/ours", real: "/data/ours", readOnly: false }] }
    expect(() => assertBindable("/srv/ours", "/data/ours", false, moved)).not.toThrow()
    expect(() => assertBindable("/srv/ours", "/elsewhere", false, moved)).not.toThrow()
    expect(() => assertBindable("/srv/ours/x", "/data/ours/x", false, moved)).not.toThrow()
    expect(() => assertBindable("/srv/ours/x", "/srv/ours/x", false, moved)).toThrow("leads out of what is allowed")
  })

  it("with the name of an engine's socket is never given", () => {
    expect(() => assertBindable("/srv/ours/docker.sock", "/srv/ours/docker.sock", true, policy)).toThrow("the engine's own socket")
    expect(() => assertBindable("/srv/ours/x", "/srv/ours/docker.sock", true, policy)).toThrow("the engine's own socket")
  })

  it("is refused with the reason that fits", () => {
    expect(() => assertBindable("/etc", "/etc", true, policy)).toThrow(/below none of the allowed paths$/)
    expect(() => assertBindable("/etc", "/etc", false, policy)).toThrow(/below none of the allowed paths, or only to be read$/)
  })
})

describe("a container's body", () => {
  it("names its network in full, and names one", () => {
    const found = { id: ID, name: "ours_default", labels: ours }
    const body = { ...harmless, HostConfig: { NetworkMode: "aaaa" } }
    expect(() => readContainer(body, policy).rebuilt(new Map([["network aaaa", found]]))).toThrow('the network "aaaa" is not named in full')
    expect(create({ HostConfig: {} })).toMatchObject({
      ok: false,
      why: 'the network "" is shared with others; name one of the project, or none',
    })
  })

  it("names the container whose network it shares by its id, and not by a name like one", () => {
    const body = { ...harmless, HostConfig: { NetworkMode: `container:${ID}` } }
    const rebuilt = (id: string) =>
      readContainer(body, { ...policy, permissions: ["exec"] }).rebuilt(new Map([[`container ${ID}`, { id, name: "x", labels: ours }]]))
    expect(rebuilt(ID)).toMatchObject({ HostConfig: { NetworkMode: `container:${ID}` } })
    expect(() => rebuilt("b".repeat(64))).toThrow(`the container "${ID}" is not named by its id`)
  })

  it("names capabilities with their prefix at the front alone", () => {
    expect(createHost({ CapAdd: ["CHCAP_OWN"] })).toMatchObject({ ok: false })
  })

  it("may be of a copy that is rehearsed in, which is reached by the proxy's own label alone", () => {
    const labels = { "com.docker.compose.project": "holdfast-sandbox-op-1a2b-00ff00" }
    const body = { ...harmless, Labels: labels, HostConfig: { NetworkMode: "none" } }
    expect(readContainer(body, policy).rebuilt(new Map())).toMatchObject({ Labels: { ...labels, "holdfast.socket-proxy": policy.scope } })
    expect(isOurs(labels, policy)).toBe(false)
    for (const project of [
      "holdfast-sandbox-",
      "holdfast-sandbox",
      "x-holdfast-sandbox-1",
      "holdfast-sandbox-1/..",
      "Holdfast-sandbox-1",
    ]) {
      const forged = { ...body, Labels: { "com.docker.compose.project": project } }
      expect(() => readContainer(forged, policy), project).toThrow("none of the projects of this proxy")
    }
  })

  it("asks for exactly what it mounts", () => {
    const asks = (HostConfig: object) => readContainer({ ...harmless, HostConfig: { NetworkMode: "none", ...HostConfig } }, policy).asks
    expect(asks({})).toEqual([])
    expect(
      asks({
        Mounts: [
          { Type: "tmpfs", Target: "/x" },
          { Type: "volume", Source: "", Target: "/y" },
        ],
        Binds: null,
      }),
    ).toEqual([])
    expect(asks({ Mounts: [{ Type: "volume", Source: "v", Target: "/y" }], Binds: ["/srv/ours:/x"] })).toEqual([
      { kind: "volume", name: "v" },
      { kind: "path", name: "/srv/ours" },
    ])
    for (const bad of [":/x", "a b:/x", "v/w:/x", "/srv/ours:x", "/etc:ours_data:/x", ":ours_data:/x", "\u0001ours_data:/x"]) {
      expect(() => asks({ Binds: [bad] }), bad).toThrow("is not understood")
    }
  })
})

describe("an image's name", () => {
  it.each([
    ["postgres", "docker.io/library/postgres"],
    ["chat/server", "docker.io/chat/server"],
    ["docker.io/postgres", "docker.io/library/postgres"],
    ["index.docker.io/chat/server", "docker.io/chat/server"],
    ["registry.example/chat", "registry.example/chat"],
    ["host:5000/chat/server", "host:5000/chat/server"],
    ["localhost/chat", "localhost/chat"],
    ["my.image", "docker.io/library/my.image"],
  ])("%s is %s", (short, full) => {
    expect(fullName(short)).toBe(full)
  })

  it("is taken apart", () => {
    const digest = `sha256:${"0".repeat(64)}`
    expect(readImageName(`a:1@${digest}`)).toEqual({ repository: "docker.io/library/a", tag: "1", digest })
    expect(readImageName("a")).toEqual({ repository: "docker.io/library/a", tag: null, digest: null })
    expect(readImageName("0".repeat(64))).toEqual({ repository: null, tag: null, digest: null })
    expect(readImageName("0".repeat(65))).toMatchObject({ repository: `docker.io/library/${"0".repeat(65)}` })
    expect(() => readImageName("A b")).toThrow('"A b" is not the name of an image')
  })

  it("is one of several repositories, or none; an id is none", () => {
    expect(isListed("docker.io/library/b", ["a", "b"])).toBe(true)
    expect(isListed("docker.io/library/c", ["a", "b"])).toBe(false)
    expect(isListed(null, ["a"])).toBe(false)
    expect(() => assertPullable("0".repeat(64), policy)).toThrow("an image is pulled by its name")
  })
})

describe("a target", () => {
  it("is taken apart", () => {
    expect(readTarget("/v1.41/containers/json?all&limit=a+b&&size=")).toEqual({
      version: "/v1.41",
      path: "/containers/json",
      query: new Map([
        ["all", ""],
        ["limit", "a b"],
        ["size", ""],
      ]),
    })
  })

  it("has its version at the front alone", () => {
    expect(readTarget("/x/v1.41/info")).toEqual({ version: "", path: "/x/v1.41/info", query: new Map() })
  })

  it.each(["-a=1", "a.b=1", "a%62=1", "=1", "a[]=1"])("has no parameter %s", (pair) => {
    expect(() => readTarget(`/x?${pair}`)).toThrow("is not known")
  })

  it("has an end", () => {
    expect(() => readTarget(`/${"x".repeat(4095)}`)).not.toThrow()
    expect(() => readTarget(`/${"x".repeat(4096)}`)).toThrow("the address is too long")
  })
})

describe("a head", () => {
  const read = (...rawHeaders: readonly string[]) => readHeaders({ method: "GET", target: "/", httpVersion: "1.1", rawHeaders })

  it("has so many headers and no more", () => {
    const many = (count: number) => Array.from({ length: count }, (_, at) => [`x${at}`, "y"]).flat()
    expect([...read(...many(32))]).toHaveLength(32)
    expect(() => read(...many(33))).toThrow("the request has more than 32 headers")
  })

  it("tells the length of its body plainly", () => {
    for (const length of ["0", "7", "262144", "123456789012"]) expect(read("Content-Length", length).get("content-length")).toBe(length)
    for (const length of ["", "00", "1x", "1234567890123"]) expect(() => read("Content-Length", length)).toThrow("not a plain number")
  })

  it.each<[string, readonly string[]]>([
    ['the header "host" is there twice', ["Host", "a", "host", "b"]],
    ["Content-Length and Transfer-Encoding exclude each other", ["Content-Length", "1", "Transfer-Encoding", "chunked"]],
    ["Content-Length is not a plain number", ["Content-Length", "+1"]],
    ['the transfer encoding "gzip" is not known', ["Transfer-Encoding", "gzip"]],
    ['the header "te" is not taken', ["TE", "x"]],
    ["browsers are not served", ["Origin", "x"]],
  ])("is refused: %s", (why, headers) => {
    expect(() => read(...headers)).toThrow(why)
  })

  it("says which type is not taken", () => {
    expect(() => checkJsonType(new Map())).toThrow('a body of type "none" is not taken')
    expect(() => checkJsonType(new Map([["content-type", "text/plain"]]))).toThrow('a body of type "text/plain" is not taken')
    expect(() => checkJsonType(new Map([["content-type", "x-application/json"]]))).toThrow(
      'a body of type "x-application/json" is not taken',
    )
    for (const type of ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=utf-8"]) {
      expect(() => checkJsonType(new Map([["content-type", type]])), type).not.toThrow()
    }
  })
})

describe("a refusal", () => {
  it("is known by its name, and forbids unless it says something else", () => {
    expect(new Refusal("why")).toMatchObject({ name: "Refusal", message: "why", status: 403 })
    expect(new Refusal("why", 404).status).toBe(404)
  })

  it("quotes the beginning of what is long", () => {
    expect(quoted('a "b"\n')).toBe('"a \\"b\\"\\n"')
    expect(quoted("x".repeat(120))).toBe(`"${"x".repeat(120)}"`)
    expect(quoted("x".repeat(121))).toBe(`"${"x".repeat(120)}…"`)
  })

  it("says whose it is not", () => {
    const why = (decision: Written | Refused): string => (decision.ok ? "" : decision.why)
    const theirs = "belongs to none of the projects of this proxy"
    expect(why(call("GET", `/containers/${foreign.container}/json`))).toBe(`the container "foreign-app" ${theirs}`)
    expect(why(call("GET", `/volumes/${foreign.volume}`))).toBe(`the volume "foreign-data" ${theirs}`)
    expect(why(createHost({ Binds: [`${foreign.volume}:/x`] }))).toBe(`the volume "foreign-data" ${theirs}`)
    expect(why(createHost({ NetworkMode: foreign.network }))).toBe(`the network "foreign-net" ${theirs}`)
  })

  it("is of every label that begins like the proxy's own", () => {
    for (const label of ["holdfast.socket-proxy", "Holdfast.Socket-Proxy", "holdfast.socket-proxy.x"]) {
      expect(create({ Labels: { [label]: "x" } })).toMatchObject({ ok: false, why: `the label "${label}" is set by the proxy alone` })
    }
    expect(create({ Labels: { "x.holdfast.socket-proxy": "x" } })).toMatchObject({ ok: true })
  })

  it("is not made of a bug", () => {
    const found = new Map()
    found.get = () => {
      throw new Error("a bug")
    }
    const understood = understand({ method: "GET", target: "/containers/ours/json" })
    expect(() => (understood.ok ? understood.decide(found) : understood)).toThrow("a bug")
  })
})

describe("an archive", () => {
  const put = (target: string) =>
    openRequest({ method: "PUT", target, httpVersion: "1.1", rawHeaders: [] }, { ...policy, permissions: ["archive"] })

  it("is handed on as it comes, and may be larger than a body that is read", () => {
    expect(put("/containers/ours/archive?path=/x")).toMatchObject({ ok: true, streamsBody: true, bodyBytes: 64 * 1024 * 1024 })
    const read = openRequest({ method: "POST", target: "/containers/create", httpVersion: "1.1", rawHeaders: [] }, policy)
    expect(read).toMatchObject({ ok: true, streamsBody: false, bodyBytes: 256 * 1024 })
  })

  it("is not read as JSON", () => {
    const sent = { method: "PUT", target: "/containers/ours/archive?path=/x", headers: [], body: "ustar" }
    expect(ask(sent, { permissions: ["archive"] })).toMatchObject({ ok: true, body: undefined, answer: "stream" })
  })
})

describe("POST=0", () => {
  it("leaves what only looks", () => {
    const switches = readSwitches({ POST: "0" })
    expect(call("GET", "/_ping", { switches })).toMatchObject({ ok: true })
    expect(call("HEAD", "/_ping", { switches })).toMatchObject({ ok: true })
    expect(call("GET", "/containers/ours/json", { switches })).toMatchObject({ ok: true })
  })
})
