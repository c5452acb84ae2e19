import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { harmless } from "../../test/fixture/socket-proxy/hostile.ts"
import { askKey, openRequest, readSwitches, type Ask, type Findings, type Policy } from "./socket-proxy.ts"

const policy: Policy = {
  projects: ["ours"],
  scope: "ours",
  bindSources: [{ path: "/srv/ours", real: "/srv/ours", readOnly: false }],
  engineSockets: ["/var/run/docker.sock"],
  capabilities: [],
  repositories: null,
  digestsOnly: false,
  permissions: [],
  switches: readSwitches({}),
}

/** The engine as an attacker would wish it: everything exists and is ours, and every path can be seen. */
function everything(asks: readonly Ask[]): Findings {
  const found = ({ name }: Ask) => ({ id: name, name, labels: { "com.docker.compose.project": "ours" } })
  return new Map(asks.map((ask) => [askKey(ask), found(ask)]))
}

/** What would be sent; null when it was refused. */
function sentFor(body: string): unknown {
  const rawHeaders = ["Host", "docker", "Content-Type", "application/json"]
  const opened = openRequest({ method: "POST", target: "/v1.41/containers/create", httpVersion: "1.1", rawHeaders }, policy)
  const understood = opened.ok ? opened.understand(Buffer.from(body)) : opened
  const decided = understood.ok ? understood.decide(everything(understood.asks)) : understood
  return decided.ok ? decided.body : null
}

/** Members that are never sent, and values that are never sent in the members that are. */
const FORBIDDEN =
  /"(Privileged|PidMode|UTSMode|UsernsMode|CgroupParent|Devices|DeviceCgroupRules|DeviceRequests|VolumesFrom|VolumeDriver|DriverConfig|Links|Runtime|MaskedPaths|ReadonlyPaths|StorageOpt|ContainerIDFile|Annotations)":|unconfined|"(NetworkMode|IpcMode|CgroupnsMode)":"(host|container)|"CapAdd":\[[^\]]*SYS_ADMIN|docker\.sock|rshared|"com.docker.compose.project":"foreign"/
const HOST_PATH = /"Binds":\[("\/(?!srv\/ours:)|[^\]]*,"\/(?!srv\/ours:))|"Source":"\/(?!srv\/ours")/

const strange = fc.constantFrom(
  null,
  true,
  false,
  0,
  1,
  -1,
  "",
  "host",
  "none",
  "private",
  "container:x",
  "ours_default",
  "local",
  "runc",
  [],
  {},
  ["/:/x"],
  ["/etc:/x"],
  ["/srv/ours:/x"],
  ["/srv/ours/../../etc:/x"],
  ["ours_data:/x"],
  ["/srv/ours:/x:rshared"],
  ["SYS_ADMIN"],
  ["CHOWN"],
  ["seccomp=unconfined"],
  ["no-new-privileges"],
  ["/var/run/docker.sock:/x"],
  [{ Type: "bind", Source: "/", Target: "/x" }],
  [{ Type: "bind", Source: "/srv/ours", Target: "/x" }],
  [{ Type: "volume", Target: "/x", VolumeOptions: { DriverConfig: { Options: { device: "/" } } } }],
  [{ PathOnHost: "/dev/sda" }],
  { "kernel.core_pattern": "x" },
  { "com.docker.compose.project": "foreign" },
  { EndpointsConfig: { host: {} } },
)
const keys = [
  "Privileged",
  "privileged",
  "Binds",
  "bindſ",
  "Mounts",
  "mounts",
  "PidMode",
  "IpcMode",
  "UTSMode",
  "UsernsMode",
  "CgroupnsMode",
  "CgroupParent",
  "NetworkMode",
  "Devices",
  "DeviceRequests",
  "CapAdd",
  "CapDrop",
  "SecurityOpt",
  "VolumesFrom",
  "VolumeDriver",
  "Links",
  "Runtime",
  "MaskedPaths",
  "ReadonlyPaths",
  "Sysctls",
  "Tmpfs",
  "ReadonlyRootfs",
  "Labels",
  "HostConfig",
  "hostconfig",
  "hoſtconfig",
  "NetworkingConfig",
  "Annotations",
  "Init",
  "Memory",
]
const members = fc.dictionary(
  fc.constantFrom(...keys),
  fc.oneof({ weight: 4, arbitrary: strange }, { weight: 1, arbitrary: fc.jsonValue() }),
  { maxKeys: 4 },
)

describe("whatever body is sent", () => {
  it("what is let through holds nothing that is forbidden, and nothing that was not sent", () => {
    let accepted = 0
    fc.assert(
      fc.property(members, members, (top, host) => {
        const given = { ...harmless, ...top, HostConfig: top["HostConfig"] ?? { ...harmless.HostConfig, ...host } }
        const sent = sentFor(JSON.stringify(given))
        if (sent === null) return
        accepted += 1
        expectHarmless(sent)
        expectWithin(sent, { ...given, Labels: { ...harmless.Labels, ...labelsOf(given), "holdfast.socket-proxy": "ours" } })
      }),
      { numRuns: 3000 },
    )
    // Or the property says nothing.
    expect(accepted).toBeGreaterThan(50)
  })

  it("one changed character makes it another harmless body, or none", () => {
    const text = JSON.stringify({
      ...harmless,
      HostConfig: { NetworkMode: "none", Privileged: false, Binds: ["/srv/ours:/x"], CapAdd: ["CHOWN"] },
    })
    fc.assert(
      fc.property(
        fc.nat(text.length),
        fc.constantFrom("", '"', "\\", ":", ",", "/", "\u0000", "ſ", "}", "t", " "),
        fc.nat(2),
        (at, put, cut) => {
          const sent = sentFor(text.slice(0, at) + put + text.slice(at + cut))
          if (sent !== null) expectHarmless(sent)
        },
      ),
      { numRuns: 3000 },
    )
  })
})

describe("whatever address is asked for", () => {
  it("what is sent on is written plainly and is one of the known", () => {
    const piece = fc.constantFrom(
      "/",
      "v1.41",
      "v1.12",
      "containers",
      "create",
      "json",
      "..",
      ".",
      "%2f",
      "x",
      "archive",
      "exec",
      "images",
      "prune",
      "?",
      "name=",
      "&",
      "#",
      "\\",
      "start",
      "*",
      "\u0000",
    )
    fc.assert(
      fc.property(fc.constantFrom("GET", "POST", "DELETE", "PUT", "HEAD"), fc.array(piece, { maxLength: 10 }), (method, pieces) => {
        const target = `/${pieces.join("")}`
        const opened = openRequest({ method, target, httpVersion: "1.1", rawHeaders: ["Host", "docker"] }, policy)
        const understood = opened.ok ? opened.understand(new Uint8Array()) : opened
        const decided = understood.ok ? understood.decide(everything(understood.asks)) : understood
        if (decided.ok)
          expect(decided.target).toMatch(
            /^(\/v1\.\d\d)?(\/_ping|\/version|\/info|(\/(containers|images|networks|volumes|exec)(\/[\w.-]+)*))(\?[\w=&%.-]*)?$/,
          )
      }),
      { numRuns: 3000 },
    )
  })
})

function expectHarmless(sent: unknown): void {
  const text = JSON.stringify(sent)
  expect(text).not.toMatch(FORBIDDEN)
  expect(text).not.toMatch(HOST_PATH)
}

function labelsOf(given: object): object {
  return "Labels" in given && typeof given.Labels === "object" && given.Labels !== null ? given.Labels : {}
}

/** Each member of `inner` is in `outer`, with the same value. */
function expectWithin(inner: unknown, outer: unknown): void {
  if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return expect(inner).toEqual(outer)
  for (const [key, value] of Object.entries(inner)) {
    expect(outer).toHaveProperty([key])
    expectWithin(value, Object.entries(outer ?? {}).find(([name]) => name === key)?.[1])
  }
}
