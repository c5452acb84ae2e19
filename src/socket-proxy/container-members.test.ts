import { describe, expect, it } from "vitest"
import { create, createHost } from "../../test/fixture/socket-proxy/asking.ts"
import { sent, withMember, type Member } from "../../test/fixture/socket-proxy/members.ts"
import { createContainerSchema } from "./body/create-container.ts"

const refusedAt = (path: string): string => `the body is not accepted at "${path}`

const top: readonly Member[] = [
  ["Hostname", ["web", ""], [1, null, "x".repeat(1025)]],
  ["Domainname", ["example"], [1]],
  ["User", ["1000:1000"], [1000]],
  ["AttachStdin", [true], ["true"]],
  ["AttachStdout", [true], [1]],
  ["AttachStderr", [true], [1]],
  ["ExposedPorts", [null, {}, { "80/tcp": {} }], [{ "80/tcp": { a: 1 } }, ["80"]]],
  ["Tty", [true], [1]],
  ["OpenStdin", [true], [1]],
  ["StdinOnce", [true], [1]],
  ["Env", [null, [], ["A=b"], Array.from({ length: 1024 }, () => "A=b")], ["A=b", [1], Array.from({ length: 1025 }, () => "A=b")]],
  ["Cmd", [null, ["sleep", "1"]], ["sleep 1", ["x".repeat(32_769)]]],
  ["Entrypoint", [null, ["x".repeat(32_768)]], ["x"]],
  ["Healthcheck", [null, {}], [[], { Other: 1 }]],
  ["Healthcheck.Test", [["CMD", "true"], ["NONE"]], ["true"]],
  ["Healthcheck.Interval", [0, 1_000_000_000], ["1s"]],
  ["Healthcheck.Timeout", [1], ["1s"]],
  ["Healthcheck.Retries", [3], ["3"]],
  ["Healthcheck.StartPeriod", [1], ["1s"]],
  ["Healthcheck.StartInterval", [1], ["1s"]],
  [
    "Volumes",
    [null, {}, { "/": {} }, { "/data": {}, "/var/lib/x": {} }],
    [{ data: {} }, { "x/data": {} }, { "/data:/x": {} }, { "/x": { a: 1 } }],
  ],
  ["WorkingDir", ["/srv"], [1]],
  ["NetworkDisabled", [true], [1]],
  ["MacAddress", ["02:42:ac:11:00:02"], [1]],
  ["StopSignal", ["SIGINT"], [2]],
  ["StopTimeout", [10, null], ["10"]],
  ["NetworkingConfig", [null, {}], [[], { Other: 1 }]],
  [
    "NetworkingConfig.EndpointsConfig",
    [null, {}, { ours_default: null }, { ours_default: {} }],
    [{ "-ours": {} }, { "ours/x": {} }, { "": {} }],
  ],
  ["NetworkingConfig.EndpointsConfig", [], [{ ["a".repeat(256)]: {} }]],
]

const unused: readonly Member[] = [
  ["ArgsEscaped", [null, false], [true, 0, ""]],
  ["OnBuild", [null, []], [["RUN x"]]],
  ["Shell", [null, []], [["sh"]]],
]

const endpoint: readonly Member[] = [
  ["IPAMConfig", [null, {}], [[], { Other: 1 }]],
  ["IPAMConfig.IPv4Address", ["192.0.2.7"], [1]],
  ["IPAMConfig.IPv6Address", ["2001:db8::7"], [1]],
  ["IPAMConfig.LinkLocalIPs", [null, ["169.254.0.7"]], ["169.254.0.7"]],
  ["Aliases", [null, ["web"]], ["web"]],
  ["MacAddress", ["02:42:ac:11:00:02"], [1]],
  ["GwPriority", [0, 7], ["7"]],
]

const volume = { Type: "volume", Source: "ours_data", Target: "/x" }
const bind = { Type: "bind", Source: "/srv/ours", Target: "/x" }
const memory = { Type: "tmpfs", Target: "/x" }
const consistencies = ["", "default", "consistent", "cached", "delegated", null]
const empties = [null, "", 0, false, [], {}]

const mounts: readonly (readonly [kind: string, mount: object, members: readonly Member[]])[] = [
  [
    "volume",
    volume,
    [
      ["Type", [], ["cluster", "npipe", "image", ""]],
      ["Source", ["", "ours_data"], ["/srv/ours", "x/y", "-x", null, "a".repeat(256)]],
      ["Target", ["/", "/data"], ["data", "x/data", "", null]],
      ["ReadOnly", [true, false], ["true", null]],
      ["VolumeOptions", [null, {}], [[], { Other: 1 }]],
      ["VolumeOptions.NoCopy", [true, false], ["true"]],
    ],
  ],
  [
    "host path",
    bind,
    [
      ["Source", ["/srv/ours/uploads"], [1, null]],
      ["Target", ["/data"], ["data", "x/data", ""]],
      ["ReadOnly", [true, false], ["true"]],
      ["BindOptions", [null, {}], [[], { Other: 1 }]],
      ["BindOptions.Propagation", ["", "private", "rprivate"], ["shared", "rshared", "slave", "rslave", null]],
      ["BindOptions.NonRecursive", [true], ["true"]],
      ["BindOptions.CreateMountpoint", [true], ["true"]],
    ],
  ],
  [
    "part of memory",
    memory,
    [
      ["Target", ["/data"], ["data", "x/data", ""]],
      ["ReadOnly", [true, false], ["true"]],
      ["TmpfsOptions", [null, {}], [[], { Other: 1 }]],
      ["TmpfsOptions.SizeBytes", [65_536], ["64k"]],
      ["TmpfsOptions.Mode", [511], ["777"]],
    ],
  ],
]

const neutralOfMounts: readonly (readonly [kind: string, mount: object, members: readonly Member[]])[] = [
  [
    "volume",
    { ...volume, VolumeOptions: {} },
    [
      ["Consistency", consistencies, ["other", 1]],
      ["VolumeOptions.Labels", empties, [{ a: "b" }]],
      ["VolumeOptions.DriverConfig", [null, {}, { Name: null }, { Name: "" }, { Name: "local" }], [{ Name: "convoy" }, { Other: 1 }]],
      ["VolumeOptions.DriverConfig", [{ Name: "local", Options: null }, { Options: {} }], [{ Options: { o: "bind" } }, { Name: false }]],
      ["VolumeOptions.Subpath", empties, ["x"]],
    ],
  ],
  [
    "host path",
    { ...bind, BindOptions: {} },
    [
      ["Consistency", consistencies, ["other", 1]],
      ["BindOptions.ReadOnlyNonRecursive", empties, [true]],
      ["BindOptions.ReadOnlyForceRecursive", empties, [true]],
    ],
  ],
  [
    "part of memory",
    { ...memory, TmpfsOptions: {} },
    [
      ["Source", empties, ["x"]],
      ["Consistency", empties, ["cached"]],
      ["TmpfsOptions.Options", empties, [[["exec"]]]],
    ],
  ],
]

describe("a container's own members", () => {
  it.each(top)("go on unchanged, or are refused by their value: %s", (path, taken, refused) => {
    const made = (value: unknown): object => withMember({}, path, value)
    for (const value of taken) expect(sent(create(made(value))), JSON.stringify(value)).toEqual({ ...sent(create({})), ...made(value) })
    for (const value of refused) expect(() => sent(create(made(value))), JSON.stringify(value)).toThrow(refusedAt(path))
  })

  it.each(unused)("are left out where they say nothing: %s", (path, taken, refused) => {
    for (const value of taken) expect(sent(create({ [path]: value })), JSON.stringify(value)).toEqual(sent(create({})))
    for (const value of refused) expect(() => sent(create({ [path]: value })), JSON.stringify(value)).toThrow(refusedAt(path))
  })

  it.each(endpoint)("say how it takes part in a network: %s", (path, taken, refused) => {
    const made = (value: unknown): object => ({ NetworkingConfig: { EndpointsConfig: { ours_default: withMember({}, path, value) } } })
    for (const value of taken) expect(sent(create(made(value))), JSON.stringify(value)).toEqual({ ...sent(create({})), ...made(value) })
    for (const value of refused) {
      expect(() => sent(create(made(value))), JSON.stringify(value)).toThrow(
        refusedAt(`NetworkingConfig.EndpointsConfig.ours_default.${path}`),
      )
    }
  })

  it.each([
    "Links",
    "DriverOpts",
    "NetworkID",
    "EndpointID",
    "Gateway",
    "IPAddress",
    "IPPrefixLen",
    "IPv6Gateway",
    "GlobalIPv6Address",
    "GlobalIPv6PrefixLen",
    "DNSNames",
  ])("leave what the engine fills in itself to the engine: %s", (name) => {
    const made = (members: object): object => ({ NetworkingConfig: { EndpointsConfig: { ours_default: members } } })
    for (const value of [null, []]) expect(sent(create(made({ [name]: value })))).toEqual(sent(create(made({}))))
    expect(() => sent(create(made({ [name]: ["x"] })))).toThrow(refusedAt(`NetworkingConfig.EndpointsConfig.ours_default.${name}`))
  })
})

describe("the tables above", () => {
  it("have a row for every member that is known", () => {
    const rows = [...top, ...unused].map(([path]) => path.split(".")[0])
    // The image, labels and what is used of the host have tests of their own.
    expect(new Set([...rows, "Image", "Labels", "HostConfig"])).toEqual(new Set(Object.keys(createContainerSchema.shape)))
  })
})

const goingOn = (members: object): object => ({ ...sent(create({})), HostConfig: { NetworkMode: "none", ...members } })

describe("a mount", () => {
  it.each(mounts)("of a %s goes on unchanged, or is refused by its members", (_, mount, members) => {
    for (const [path, taken, refused] of members) {
      const made = (value: unknown): object => ({ Mounts: [withMember(mount, path, value)] })
      for (const value of taken) expect(sent(createHost(made(value))), path).toEqual(goingOn(made(value)))
      for (const value of refused)
        expect(() => sent(createHost(made(value))), `${path}: ${JSON.stringify(value)}`).toThrow(refusedAt(`HostConfig.Mounts.0.${path}`))
    }
  })

  it.each(neutralOfMounts)("of a %s loses what says nothing", (_, mount, members) => {
    for (const [path, taken, refused] of members) {
      const made = (value: unknown): object => ({ Mounts: [withMember(mount, path, value)] })
      for (const value of taken) expect(sent(createHost(made(value))), path).toEqual(sent(createHost({ Mounts: [mount] })))
      for (const value of refused)
        expect(() => sent(createHost(made(value))), `${path}: ${JSON.stringify(value)}`).toThrow(refusedAt(`HostConfig.Mounts.0.${path}`))
    }
  })

  it("goes on with others, up to 128", () => {
    const many = (length: number): object => ({ Mounts: Array.from({ length }, () => memory) })
    expect(sent(createHost(many(128)))).toEqual(goingOn(many(128)))
    expect(() => sent(createHost(many(129)))).toThrow(refusedAt("HostConfig.Mounts"))
  })
})
