import { describe, expect, it } from "vitest"
import {
  allOn,
  ask,
  call,
  create,
  createHost,
  FOREIGN_ID,
  ID,
  images,
  ours,
  policy,
  understand,
} from "../../test/fixture/socket-proxy/asking.ts"
import { bodyFor, foreign, harmless, hostileBodies, hostileTargets } from "../../test/fixture/socket-proxy/hostile.ts"
import { openRequest } from "./socket-proxy.ts"

describe("a container", () => {
  it("that is harmless is made, with the label of the proxy", () => {
    expect(create({})).toMatchObject({
      ok: true,
      method: "POST",
      target: "/v1.41/containers/create",
      body: { ...harmless, Labels: { ...ours, "holdfast.socket-proxy": "ours" } },
    })
  })

  it.each(hostileBodies)("is refused: %s", (_, body, why) => {
    const decision = ask({ body })
    expect(decision.ok).toBe(false)
    expect(decision).toMatchObject({ why: expect.stringMatching(why) })
  })

  it("loses what clients send without using it", () => {
    const sent = createHost({
      Privileged: false,
      PidMode: "",
      Devices: null,
      VolumesFrom: [],
      MaskedPaths: null,
      Annotations: {},
      Runtime: "runc",
      ConsoleSize: [0, 0],
    })
    expect(sent).toMatchObject({ ok: true })
    expect(sent.ok ? sent.body : null).toMatchObject({ HostConfig: { NetworkMode: "none" } })
    expect(JSON.stringify(sent)).not.toMatch(/Privileged|PidMode|Devices|VolumesFrom|MaskedPaths|Annotations|Runtime|ConsoleSize/)
  })

  it.each<[string, object, boolean | string]>([
    ["an allowed path", { Binds: ["/srv/ours:/x"] }, true],
    ["what is below it", { Binds: ["/srv/ours/uploads:/x:rw"] }, true],
    ["a link that leads out", { Binds: ["/srv/ours/link:/x"] }, "leads out"],
    ["what cannot be seen, below it", { Binds: ["/srv/ours/unseen:/x"] }, "cannot be seen"],
    ["an allowed path that cannot be seen", { Binds: ["/srv/config:/x:ro"] }, true],
    ["a path that may only be read, to write", { Binds: ["/srv/config:/x"] }, "only to be read"],
    ["the same as a mount", { Mounts: [{ Type: "bind", Source: "/srv/config", Target: "/x" }] }, "only to be read"],
    ["the same, to read", { Mounts: [{ Type: "bind", Source: "/srv/config", Target: "/x", ReadOnly: true }] }, true],
    ["to read and to write", { Binds: ["/srv/config:/x:ro,rw"] }, "only to be read"],
    ["a slash at the end", { Binds: ["/srv/ours/:/x"] }, "not written plainly"],
    ["a volume of the project", { Binds: ["ours_data:/x:nocopy", "/srv/ours:/y:private", "/srv/ours:/z:rprivate"] }, true],
    ["a volume of the project as a mount", { Mounts: [{ Type: "volume", Source: "ours_data", Target: "/x", VolumeOptions: {} }] }, true],
    ["a volume that is not there", { Binds: ["nobody:/x"] }, "No such volume"],
    ["a volume without a name", { Mounts: [{ Type: "volume", Target: "/x" }] }, true],
    [
      "memory",
      { Mounts: [{ Type: "tmpfs", Target: "/x", TmpfsOptions: { SizeBytes: 1000 } }], Tmpfs: { "/tmp": "size=1m,mode=1777" } },
      true,
    ],
    ["a bind without a target", { Binds: ["/srv/ours"] }, "not understood"],
    ["a relative path", { Binds: ["./x:/x"] }, "not understood"],
    ["a cluster volume", { Mounts: [{ Type: "cluster", Source: "x", Target: "/x" }] }, "not accepted"],
  ])("may be given %s: %j %s", (_, members, expected) => {
    const decision = createHost(members)
    if (expected === true) return expect(decision).toMatchObject({ ok: true })
    expect(decision).toMatchObject({ ok: false, why: expect.stringContaining(String(expected)) })
  })

  it.each([
    ["/srv", "below none"],
    ["/run/proxy", "own socket"],
    ["/run/proxy/docker.sock", "own socket"],
    ["/var", "own socket"],
  ])("is not given %s even where the operator allowed it all", (path, why) => {
    const all = [
      { path: "/run", real: "/run", readOnly: false },
      { path: "/var", real: "/var", readOnly: false },
    ]
    expect(createHost({ Binds: [`${path}:/x`] }, { bindSources: all })).toMatchObject({ ok: false, why: expect.stringContaining(why) })
  })

  it("is not given a link to the engine's socket", () => {
    const linked = [{ path: "/srv/ours/link", real: "/etc", readOnly: false }]
    expect(createHost({ Binds: ["/srv/ours/link:/x"] }, { bindSources: linked })).toMatchObject({ ok: true })
    expect(createHost({ Binds: ["/srv/ours/link:/x"] }, { bindSources: linked, engineSockets: ["/etc/engine.sock"] })).toMatchObject({
      ok: false,
    })
  })

  it("may have the capabilities that every container has, and those that the operator named", () => {
    expect(createHost({ CapDrop: ["ALL"], CapAdd: ["CHOWN", "CAP_SETUID"] })).toMatchObject({ ok: true })
    expect(createHost({ CapAdd: ["NET_ADMIN"] })).toMatchObject({ ok: false, why: 'the capability "NET_ADMIN" is not allowed' })
    expect(createHost({ CapAdd: ["CAP_NET_ADMIN"] }, { capabilities: ["NET_ADMIN"] })).toMatchObject({ ok: true })
  })

  it("takes part in networks of the project alone, named in full", () => {
    const inNetwork = (name: string) =>
      create({ HostConfig: { NetworkMode: name }, NetworkingConfig: { EndpointsConfig: { [name]: { Aliases: ["web"] } } } })
    expect(inNetwork("ours_default")).toMatchObject({ ok: true })
    expect(inNetwork(ID)).toMatchObject({ ok: true })
    expect(inNetwork("nowhere")).toMatchObject({ ok: false, status: 404, why: "No such network: nowhere" })
  })

  it("is made of an image of the allowed repositories", () => {
    const limited = { repositories: ["registry.example/chat/server"] }
    const digest = `sha256:${"1".repeat(64)}`
    expect(create({ Image: `registry.example/chat/server@${digest}` }, limited)).toMatchObject({ ok: true })
    expect(create({ Image: "registry.example/chat/server:1.0" }, limited)).toMatchObject({ ok: true })
    for (const Image of ["registry.example/chat/server-evil", "evil.example/registry.example/chat/server", digest, "chat/server", ""]) {
      expect(create({ Image }, limited)).toMatchObject({ ok: false })
    }
  })
})

describe("a container in the network of another one", () => {
  const mayRunInside = { permissions: ["exec" as const] }
  const shared = { ok: false, status: 403, why: expect.stringContaining("is shared with others; name one of the project, or none") }
  const inNetworkOf = (name: string, changed: object = mayRunInside) => createHost({ NetworkMode: `container:${name}` }, changed)

  it("is made where commands may be run inside of that one, which is of the project and named by its whole id", () => {
    expect(inNetworkOf(ID)).toMatchObject({ ok: true, body: { HostConfig: { NetworkMode: `container:${ID}` } } })
    expect(inNetworkOf(FOREIGN_ID)).toMatchObject({
      ok: false,
      status: 403,
      why: `the container "${FOREIGN_ID}" belongs to none of the projects of this proxy`,
    })
    expect(inNetworkOf("1".repeat(64))).toMatchObject({ ok: false, status: 404, why: `No such container: ${"1".repeat(64)}` })
    for (const name of ["ours", ID.slice(1), `${ID}a`, `${ID}\n`, ""]) expect(inNetworkOf(name)).toMatchObject(shared)
    expect(createHost({ NetworkMode: `x:container:${ID}` }, mayRunInside)).toMatchObject(shared)
  })

  it("is not made where they may not", () => {
    for (const changed of [{}, { permissions: ["attach", "archive"] }, { ...mayRunInside, switches: { ...allOn, EXEC: false } }])
      expect(inNetworkOf(ID, changed)).toMatchObject(shared)
  })

  it("is in no other network besides", () => {
    const HostConfig = { ...harmless.HostConfig, NetworkMode: `container:${ID}` }
    const NetworkingConfig = { EndpointsConfig: { ours_default: {} } }
    expect(create({ HostConfig, NetworkingConfig }, mayRunInside)).toMatchObject(shared)
    expect(create({ HostConfig, NetworkingConfig: { EndpointsConfig: {} } }, mayRunInside)).toMatchObject({ ok: true })
  })
})

describe("a container of an image that is called by its id", () => {
  const limited = { repositories: ["registry.example/chat/server"] }

  it.each(["allowed", "byDigest"] as const)("is made when one of the image's names is of an allowed repository (%s)", (which) => {
    expect(create({ Image: `sha256:${images[which]}` }, limited)).toMatchObject({ ok: true, body: { Image: `sha256:${images[which]}` } })
    expect(create({ Image: images[which] }, limited)).toMatchObject({ ok: true, body: { Image: images[which] } })
  })

  it.each(["others", "nameless"] as const)("is refused when none of them is (%s)", (which) => {
    const Image = `sha256:${images[which]}`
    expect(create({ Image }, limited)).toMatchObject({
      ok: false,
      status: 403,
      why: `the image "${Image}" is of none of the allowed repositories`,
    })
  })

  it("is refused as the engine would where there is no such image", () => {
    expect(create({ Image: `sha256:${"1".repeat(64)}` }, limited)).toMatchObject({
      ok: false,
      status: 404,
      why: `No such image: ${"1".repeat(64)}`,
    })
  })

  it("is looked up by that id alone, and only where the repositories are limited", () => {
    const asks = (Image: string, changed: object): unknown => {
      const understood = understand({ body: JSON.stringify({ ...harmless, Image }) }, changed)
      return understood.ok ? understood.asks.filter(({ kind }) => kind === "image") : understood
    }
    expect(asks(`sha256:${images.allowed}`, limited)).toEqual([{ kind: "image", name: images.allowed }])
    expect(asks(`sha256:${images.others}`, {})).toEqual([])
    expect(asks("registry.example/chat/server:1.0", limited)).toEqual([])
  })
})

describe("an address", () => {
  it.each(hostileTargets)("is refused: %s", (_, method, target, why) => {
    const decision = ask({ method, target, body: bodyFor(method, target) })
    expect(decision).toMatchObject({ ok: false, why: expect.stringMatching(why) })
  })

  it("is called with the engine's own id, however it was named", () => {
    expect(call("POST", "/containers/ours/stop?t=5")).toMatchObject({ ok: true, target: `/containers/${ID}/stop?t=5` })
    expect(call("GET", "/v1.24/networks/ours_default")).toMatchObject({ ok: true, target: `/v1.24/networks/${ID}` })
    expect(call("GET", "/v1.99/volumes/ours_data")).toMatchObject({ ok: true, target: "/v1.99/volumes/ours_data" })
  })

  it("of nothing is answered as the engine would", () => {
    expect(call("GET", "/v1.41/containers/nobody/json")).toEqual({ ok: false, status: 404, why: "No such container: nobody" })
  })

  it("has its filters written anew", () => {
    const filters = (text: string) => call("GET", `/v1.41/containers/json?all=1&filters=${encodeURIComponent(text)}`)
    expect(filters('{"label":["b","a"]}')).toMatchObject({
      target: `/v1.41/containers/json?all=1&filters=${encodeURIComponent('{"label":{"a":true,"b":true}}')}`,
    })
    expect(filters('{"label":{"a":true}}')).toMatchObject({ ok: true })
    for (const bad of ['{"label":{"a":false}}', '{"LABEL":["a"]}', '{"label":"a"}', '{"label":["a"],"label":["b"]}', "{x}"])
      expect(filters(bad)).toMatchObject({ ok: false })
  })

  it("takes no body where none is asked for, but what clients send for nothing", () => {
    expect(ask({ target: "/v1.41/containers/ours/start", body: '{"HostConfig":{"Privileged":true}}' })).toMatchObject({
      ok: false,
      status: 400,
    })
    expect(ask({ target: "/v1.41/containers/ours/start", body: "{}" })).toMatchObject({ ok: true, body: undefined })
    expect(ask({ target: "/v1.41/containers/ours/start", body: "null" })).toMatchObject({ ok: true, body: undefined })
    expect(ask({ target: "/v1.41/containers/ours/stop?t=5", body: '{"t":5,"abortSignal":{}}' })).toMatchObject({
      ok: true,
      body: undefined,
    })
    for (const body of ["[]", "1", '"t"', '{"t":5,"x":1}', "{"]) {
      expect(ask({ target: "/v1.41/containers/ours/stop", body })).toMatchObject({ ok: false, status: 400 })
    }
  })
})

describe("a head", () => {
  const head = (headers: readonly string[], httpVersion = "1.1") => ask({ headers, httpVersion, body: JSON.stringify(harmless) })
  const type = ["Content-Type", "application/json"]

  it("that is plain is read", () => {
    expect(head([...type, "Content-Length", "10"])).toMatchObject({ ok: true })
    expect(head([...type, "Transfer-Encoding", "chunked"])).toMatchObject({ ok: true })
    expect(head(["content-type", "application/json; charset=utf-8"])).toMatchObject({ ok: true })
  })

  it.each<[string, readonly string[], number]>([
    ["two lengths", [...type, "Content-Length", "1", "content-length", "1"], 400],
    ["length and coding", [...type, "Content-Length", "1", "Transfer-Encoding", "chunked"], 400],
    ["a length that is no number", [...type, "Content-Length", "01"], 400],
    ["another coding", [...type, "Transfer-Encoding", "gzip, chunked"], 400],
    ["a compressed body", [...type, "Content-Encoding", "gzip"], 400],
    ["an expectation", [...type, "Expect", "100-continue"], 400],
    ["a trailer", [...type, "Trailer", "X"], 400],
    ["TE", [...type, "TE", "trailers"], 400],
    ["another alphabet", ["Content-Type", "application/json; charset=utf-16"], 415],
    ["no type", [], 415],
    ["an origin", [...type, "Origin", "http://evil.example"], 403],
    ["a referrer", [...type, "Referer", "http://evil.example"], 403],
    ["a browser", [...type, "Sec-Fetch-Site", "none"], 403],
    ["many headers", Array.from({ length: 66 }, (_, at) => `x${at}`), 431],
  ])("is refused: %s", (_, headers, status) => {
    expect(head(headers)).toMatchObject({ ok: false, status })
  })

  it("of another version of HTTP is refused", () => {
    expect(head(type, "1.0")).toMatchObject({ ok: false, status: 400, why: "HTTP 1.0 is not spoken here" })
  })

  it("hands on credentials for a registry with a pull alone", () => {
    const opened = (target: string, value: string) =>
      openRequest({ method: "POST", target, httpVersion: "1.1", rawHeaders: ["X-Registry-Auth", value] }, policy)
    expect(opened("/images/create?fromImage=a&tag=b", "e30=")).toMatchObject({ ok: true, registryAuth: "e30=" })
    expect(opened("/images/create?fromImage=a&tag=b", "a b")).toEqual({
      ok: false,
      status: 400,
      why: "the registry's credentials are not encoded as they should be",
    })
    expect(opened("/containers/create", "e30=")).toMatchObject({ ok: true, registryAuth: null })
  })
})

describe("networks and volumes", () => {
  it("are made with the label of the proxy", () => {
    const network = {
      Name: "ours_front",
      Internal: true,
      Driver: "bridge",
      CheckDuplicate: true,
      Scope: "",
      IPAM: null,
      Options: null,
      Labels: ours,
    }
    expect(call("POST", "/v1.41/networks/create", {}, network)).toMatchObject({
      ok: true,
      body: { Name: "ours_front", Internal: true, Labels: { "holdfast.socket-proxy": "ours" } },
    })
    expect(call("POST", "/v1.41/volumes/create", {}, { Name: "new", Driver: "local" })).toMatchObject({
      ok: true,
      body: { Name: "new", Labels: { "holdfast.socket-proxy": "ours" } },
    })
    expect(call("POST", "/v1.41/volumes/create", {}, {})).toMatchObject({ ok: true })
  })

  it.each<[string, string, object]>([
    ["an interface of the host", "networks", { Name: "x", Driver: "macvlan", Options: { parent: "eth0" } }],
    ["the bridge of the engine", "networks", { Name: "x", Options: { "com.docker.network.bridge.name": "docker0" } }],
    ["a forged project", "networks", { Name: "x", Labels: { "com.docker.compose.project": "foreign" } }],
    ["swarm", "networks", { Name: "x", Ingress: true }],
    ["somebody else's configuration", "networks", { Name: "x", ConfigFrom: { Network: "foreign" } }],
    ["a bind", "volumes", { Name: "x", DriverOpts: { type: "none", o: "bind", device: "/" } }],
    ["a plugin", "volumes", { Name: "x", Driver: "sshfs" }],
    ["one that is somebody else's", "volumes", { Name: foreign.volume }],
    ["a forged scope", "volumes", { Name: "x", Labels: { "Holdfast.Socket-Proxy": "foreign" } }],
  ])("are not made: %s", (_, kind, body) => {
    expect(call("POST", `/v1.41/${kind}/create`, {}, body)).toMatchObject({ ok: false, status: 403 })
  })

  it("join containers and networks that are both ours", () => {
    const connect = (network: string, container: string, verb = "connect") =>
      call("POST", `/networks/${network}/${verb}`, {}, { Container: container })
    expect(connect("ours_default", "ours")).toMatchObject({ ok: true, target: `/networks/${ID}/connect`, body: { Container: ID } })
    expect(connect("ours_default", "ours", "disconnect")).toMatchObject({
      ok: true,
      target: `/networks/${ID}/disconnect`,
      body: { Container: ID },
    })
    for (const verb of ["connect", "disconnect"]) {
      expect(connect(foreign.network, "ours", verb)).toMatchObject({ ok: false, status: 403 })
      expect(connect("ours_default", foreign.container, verb)).toMatchObject({ ok: false, status: 403 })
    }
  })
})
