import { describe, expect, it } from "vitest"
import { call, ID } from "../../test/fixture/socket-proxy/asking.ts"
import { sent, withMember, type Member } from "../../test/fixture/socket-proxy/members.ts"

const everything = { permissions: ["exec", "attach", "archive"] } as const
const empties = [null, "", 0, false, [], {}]
const list = (length: number, item: unknown): readonly unknown[] => Array.from({ length }, () => item)
const refusedAt = (path: string): string => `the body is not accepted at "${path}`
const own = { "holdfast.socket-proxy": "ours" }

/** A body by what it is sent to: the least that is taken, what is added to it, members that go on, members that are left out. */
interface Body {
  readonly target: string
  readonly least: object
  readonly added?: object
  readonly kept: readonly Member[]
  readonly leftOut: readonly Member[]
}

const network: Body = {
  target: "/networks/create",
  least: { Name: "front" },
  added: { Labels: own },
  kept: [
    ["Name", ["a", "a".repeat(255), "Front_1.x-y"], ["", "-a", ".a", "a/b", "a b", " a", "a".repeat(256), null]],
    ["CheckDuplicate", [true], ["true"]],
    ["Driver", ["", "bridge"], ["host", "macvlan", "overlay", null]],
    ["EnableIPv4", [true, null], ["true"]],
    ["EnableIPv6", [true, null], ["true"]],
    ["Internal", [true], ["true"]],
    ["Attachable", [true], ["true"]],
    ["IPAM", [null, {}], [[], { Other: 1 }]],
    ["IPAM.Config", [null, [], list(8, {})], [list(9, {}), [{ Other: 1 }]]],
    ["IPAM.Config", [[{ Subnet: "192.0.2.0/24", IPRange: "192.0.2.0/25", Gateway: "192.0.2.1" }]], [[{ Subnet: 1 }]]],
    [
      "IPAM.Config",
      [[{ AuxiliaryAddresses: { router: "192.0.2.9" } }], [{ AuxiliaryAddresses: null }]],
      [[{ AuxiliaryAddresses: { a: 1 } }]],
    ],
    ["Options", [null, {}], [{ "com.docker.network.bridge.name": "docker0" }, { "": "x" }, { parent: "eth0" }]],
    ["Options", [{ "com.docker.network.bridge.enable_icc": "false" }], [{ "com.docker.network.bridge.enable_icc": false }]],
    ["Options", [{ "com.docker.network.bridge.enable_ip_masquerade": "false", "com.docker.network.driver.mtu": "1400" }], []],
    ["Options", [{ "com.docker.network.bridge.inhibit_ipv4": "true" }], [{ "com.docker.network.bridge.host_binding_ipv4": "192.0.2.1" }]],
  ],
  leftOut: [
    ["Scope", [null, "", "local"], ["swarm", "global", false]],
    ["IPAM.Driver", [null, "", "default"], ["dhcp", false]],
    ["IPAM.Options", empties, [{ a: "b" }]],
    ["Ingress", empties, [true]],
    ["ConfigOnly", empties, [true]],
    ["ConfigFrom", [null, { Network: "" }], [{ Network: "x" }, {}, ""]],
  ],
}

const volume: Body = {
  target: "/volumes/create",
  least: {},
  added: { Labels: own },
  kept: [
    ["Name", ["ours_data"], ["", "/srv", "-a", null]],
    ["Driver", ["", "local"], ["convoy", null]],
  ],
  leftOut: [
    ["DriverOpts", empties, [{ o: "bind" }]],
    ["ClusterVolumeSpec", empties, [{ Group: "x" }]],
    ["Labels", [null, {}], [[], { a: 1 }]],
  ],
}

const exec: Body = {
  target: "/containers/ours/exec",
  least: { Cmd: ["id"] },
  kept: [
    ["AttachStdin", [true], ["true"]],
    ["AttachStdout", [true], ["true"]],
    ["AttachStderr", [true], ["true"]],
    ["Tty", [true], ["true"]],
    ["Cmd", [null, ["sh", "-c", "x"]], ["sh"]],
    ["Env", [null, ["A=b"]], ["A=b"]],
    ["User", ["1000"], [1000]],
    ["WorkingDir", ["/srv"], [1]],
    ["DetachKeys", ["ctrl-p"], [1]],
    ["Detach", [true], ["true"]],
  ],
  leftOut: [
    ["Privileged", empties, [true]],
    ["ConsoleSize", [null, [], [24, 80]], [[1, 2, 3], ["1"], 1]],
  ],
}

const start: Body = {
  target: `/exec/${ID}/start`,
  least: {},
  kept: [
    ["Detach", [true, false], ["true"]],
    ["Tty", [true], ["true"]],
  ],
  leftOut: [["ConsoleSize", [null, [], [24, 80]], [[1, 2, 3], ["1"], 1]]],
}

const connect: Body = {
  target: "/networks/ours_default/connect",
  least: { Container: "ours" },
  added: { Container: ID },
  kept: [
    ["EndpointConfig", [null, {}, { Aliases: ["web"], IPAMConfig: { IPv4Address: "192.0.2.7" } }], [[], { Other: 1 }]],
    ["EndpointConfig.GwPriority", [7], ["7"]],
  ],
  leftOut: [],
}

const disconnect: Body = {
  target: "/networks/ours_default/disconnect",
  least: { Container: "ours" },
  added: { Container: ID },
  kept: [["Force", [true, false], ["true"]]],
  leftOut: [],
}

describe.each([network, volume, exec, start, connect, disconnect])("a body of POST $target", ({ target, least, added, kept, leftOut }) => {
  const post = (body: object): unknown => sent(call("POST", target, everything, body))

  it("goes on as it came, but for what the proxy sets", () => {
    expect(post(least)).toEqual({ ...least, ...added })
  })

  it("keeps what is understood, and is refused for what is not", () => {
    for (const [path, taken, refused] of kept) {
      for (const value of taken) {
        const body = withMember(least, path, value)
        expect(post(body), path).toEqual({ ...body, ...added })
      }
      for (const value of refused) {
        expect(() => post(withMember(least, path, value)), `${path}: ${JSON.stringify(value)}`).toThrow(refusedAt(path))
      }
    }
  })

  it("loses what says nothing, and is refused where that says something", () => {
    for (const [path, taken, refused] of leftOut) {
      const without = path.includes(".") ? withMember(least, path, undefined) : least
      for (const value of taken) expect(post(withMember(least, path, value)), path).toEqual({ ...without, ...added })
      for (const value of refused) {
        expect(() => post(withMember(least, path, value)), `${path}: ${JSON.stringify(value)}`).toThrow(refusedAt(path))
      }
    }
  })

  it("is refused for a member that nobody has looked at, and for being none", () => {
    expect(() => post({ ...least, Other: 1 })).toThrow('the body is not accepted: "Unrecognized key: \\"Other\\""')
    expect(() => post([])).toThrow(/^the body is not accepted: "Invalid input: expected object/)
  })
})

describe("a body that names what it must name", () => {
  it.each([
    ["/networks/create", "Name"],
    ["/networks/ours_default/connect", "Container"],
    ["/networks/ours_default/disconnect", "Container"],
  ])("POST %s is refused without %s", (target, name) => {
    expect(() => sent(call("POST", target, {}, {}))).toThrow(refusedAt(name))
  })
})
