import { describe, expect, it } from "vitest"
import { call, create, createHost, ID } from "../../test/fixture/socket-proxy/asking.ts"
import { sent, withMember, type Member } from "../../test/fixture/socket-proxy/members.ts"
import { hostConfigSchema } from "./body/host-config.ts"

const list = (length: number, item: unknown): readonly unknown[] => Array.from({ length }, () => item)

const amounts: readonly Member[] = [
  ["Memory", [0, 67_108_864], ["64m", null]],
  ["MemoryReservation", [1], ["1"]],
  ["MemorySwap", [-1, 1], ["1"]],
  ["MemorySwappiness", [60, null], ["60"]],
  ["NanoCpus", [1_000_000_000], ["1"]],
  ["CpuShares", [512], ["512"]],
  ["CpuPeriod", [100_000], ["1"]],
  ["CpuQuota", [50_000], ["1"]],
  ["CpusetCpus", ["0-1"], [0]],
  ["CpusetMems", ["0"], [0]],
  ["PidsLimit", [100, -1, null], ["100"]],
  ["BlkioWeight", [0, 500, 1000], [-1, 1001]],
]

const restartPolicy: readonly Member[] = [
  ["RestartPolicy", [null, {}], ["always", { Other: 1 }]],
  ["RestartPolicy.Name", ["", "no", "always", "unless-stopped", "on-failure"], ["sometimes", null, 1]],
  ["RestartPolicy.MaximumRetryCount", [0, 3], ["3"]],
]

const host: readonly Member[] = [
  ...amounts,
  ...restartPolicy,
  ["NetworkMode", ["none"], [null, 1]],
  ["IpcMode", ["", "none", "private"], ["host", "shareable", "container:x"]],
  ["CgroupnsMode", ["", "private"], ["host"]],
  ["PublishAllPorts", [true, false], ["true", null]],
  ["AutoRemove", [true], [1]],
  ["ReadonlyRootfs", [true], [1]],
  ["Init", [true, null], [1]],
  ["OomScoreAdj", [0, 500, 1000], [-1, 1001]],
  ["ShmSize", [0, 67_108_864], [-1, "64m"]],
  ["CapDrop", [null, [], ["ALL", "net_raw"], list(64, "KILL")], [["CHOWN x"], ["1CHOWN"], [""], ["A".repeat(41)], list(65, "KILL")]],
  ["SecurityOpt", [null, ["no-new-privileges"], ["no-new-privileges:true"], ["no-new-privileges=true"]], [["no-new-privileges:false"]]],
  ["SecurityOpt.0", [], ["x-no-new-privileges", "no-new-privileges,seccomp=unconfined", "no-new-privileges-true", "label:disable"]],
  [
    "Sysctls",
    [null, { "net.core.somaxconn": "1024" }, { "net.ipv4.ip_forward": "1" }],
    [{ "kernel.net.x": "1" }, { "net.core somaxconn": "1" }],
  ],
  ["Sysctls", [], [{ "net.": "1" }, { "net.CORE": "1" }, { "net.core.somaxconn": 1024 }]],
  [
    "Tmpfs",
    [null, { "/run": "" }, { "/tmp": "rw,size=64m,mode=1777" }],
    [{ "x/run": "" }, { run: "" }, { "/run": "A,rw" }, { "/run": "rw,A" }],
  ],
  [
    "Ulimits",
    [null, [{ Name: "nofile", Hard: 1024, Soft: 512 }], list(32, { Name: "core", Hard: 0, Soft: 0 })],
    [list(33, { Name: "core", Hard: 0, Soft: 0 })],
  ],
  ["Ulimits", [], [[{ Name: "nofile" }], [{ Name: "nofile", Hard: "1", Soft: 1 }], [{ Name: "nofile", Hard: 1, Soft: 1, Other: 1 }]]],
  ["GroupAdd", [null, ["staff"]], [[1]]],
  ["Dns", [null, ["192.0.2.1"]], ["192.0.2.1"]],
  ["DnsOptions", [["ndots:1"]], [[1]]],
  ["DnsSearch", [["example"]], [[1]]],
  ["ExtraHosts", [["a:192.0.2.1"]], [{ a: "192.0.2.1" }]],
]

const ports: readonly Member[] = [
  ["PortBindings", [null, {}, { "80": null }, { "8080": [] }, { "80/tcp": [{}] }, { "53-54/udp": [] }, { "1-65535/sctp": [] }], ["80", []]],
  [
    "PortBindings",
    [],
    [{ "": [] }, { x80: [] }, { "80x": [] }, { "80-": [] }, { "80-x": [] }, { "80/icmp": [] }, { "123456": [] }, { "/tcp": [] }],
  ],
  ["PortBindings.80", [list(64, { HostPort: "" })], [list(65, { HostPort: "" }), [{ Other: "" }], [null]]],
  ["PortBindings.80.0.HostIp", ["", "127.0.0.1", "::1"], [1, null]],
  ["PortBindings.80.0.HostPort", ["", "8", "8080", "8000-8010", "-80"], ["x80", "80x", "123456", "80-", "80-x", "80-123456", 80]],
]

const log: readonly Member[] = [
  ["LogConfig", [null, {}], ["none", { Other: 1 }]],
  ["LogConfig.Type", ["", "json-file", "local", "none"], ["syslog", "journald", "gelf"]],
  [
    "LogConfig.Config",
    [null, {}, { "max-size": "10m", "max-file": "3" }, { compress: "true", mode: "non-blocking" }],
    [{ "syslog-address": "x" }],
  ],
  ["LogConfig.Config", [{ "max-buffer-size": "4m", labels: "a", tag: "b" }], [{ "": "x" }, { "max-size": 10 }]],
]

describe("what a container may use of the host", () => {
  it.each([...host, ...ports, ...log])("goes on unchanged, or is refused by its value: %s", (path, taken, refused) => {
    const base = { NetworkMode: "none", ...(path.includes(".0") ? { SecurityOpt: [], PortBindings: { "80": [{}] } } : {}) }
    for (const value of taken) {
      const members = withMember(base, path, value)
      expect(sent(createHost(members)), JSON.stringify(value)).toEqual({ ...sent(create({})), HostConfig: members })
    }
    for (const value of refused) {
      const ask = (): unknown => sent(createHost(withMember(base, path, value)))
      expect(ask, JSON.stringify(value)).toThrow(`the body is not accepted at "HostConfig.${path}`)
    }
  })

  it.each([...amounts, ...restartPolicy])("may be changed later, by the same rules: %s", (path, taken, refused) => {
    const update = (value: unknown): unknown => sent(call("POST", "/containers/ours/update", {}, withMember({}, path, value)))
    for (const value of taken) expect(update(value), JSON.stringify(value)).toEqual(withMember({}, path, value))
    for (const value of refused) expect(() => update(value), JSON.stringify(value)).toThrow(`the body is not accepted at "${path}`)
  })

  it.each([
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
  ])("is the capability %s, which every container has", (name) => {
    for (const CapAdd of [[name], [`CAP_${name}`]])
      expect(sent(createHost({ CapAdd }))).toEqual({ ...sent(create({})), HostConfig: { NetworkMode: "none", CapAdd } })
  })
})

const empties = [null, "", 0, false, [], {}]
const neutral: readonly Member[] = [
  ...["CpuRealtimePeriod", "CpuRealtimeRuntime", "KernelMemory", "KernelMemoryTCP", "CpuCount", "CpuPercent"].map((name): Member => [
    name,
    empties,
    [1],
  ]),
  ...["IOMaximumIOps", "IOMaximumBandwidth"].map((name): Member => [name, empties, [1]]),
  ...["BlkioWeightDevice", "BlkioDeviceReadBps", "BlkioDeviceWriteBps", "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps"].map(
    (name): Member => [name, empties, [[{ Path: "/dev/sda" }]]],
  ),
  ["Devices", empties, [[{ PathOnHost: "/dev/sda" }]]],
  ["DeviceCgroupRules", empties, [["a *:* rwm"]]],
  ["DeviceRequests", empties, [[{ Count: -1 }]]],
  ["CgroupParent", empties, ["/"]],
  ["OomKillDisable", empties, [true]],
]
const neutralAtCreation: readonly Member[] = [
  ...neutral,
  ["Privileged", empties, [true]],
  ["PidMode", empties, ["host"]],
  ["UTSMode", empties, ["host"]],
  ["UsernsMode", empties, ["host"]],
  ["Cgroup", empties, ["container:x"]],
  ["VolumesFrom", empties, [["x"]]],
  ["VolumeDriver", [null, "", "local"], ["convoy", [], {}]],
  ["Links", empties, [["x:y"]]],
  ["ContainerIDFile", empties, ["/x"]],
  ["StorageOpt", empties, [{ size: "1" }]],
  ["Annotations", empties, [{ a: "b" }]],
  ["Runtime", [null, "", "runc"], ["evil", false]],
  ["Isolation", [null, "", "default"], ["hyperv", false]],
  ["MaskedPaths", [null], [[], ["/x"], ""]],
  ["ReadonlyPaths", [null], [[], ["/x"], ""]],
  ["ConsoleSize", [null, [], [0, 0], [24, 80]], [[1, 2, 3], ["1"], 1]],
]

describe("what reaches the host", () => {
  it.each(neutralAtCreation)("is left out where it says nothing, and refused where it says something: %s", (path, taken, refused) => {
    for (const value of taken) expect(sent(createHost({ [path]: value })), JSON.stringify(value)).toEqual(sent(createHost({})))
    for (const value of refused) {
      const ask = (): unknown => sent(createHost({ [path]: value }))
      expect(ask, JSON.stringify(value)).toThrow(`the body is not accepted at "HostConfig.${path}`)
    }
  })

  it("is looked at here, member by member", () => {
    const rows = [...host, ...ports, ...log, ...neutralAtCreation].map(([path]) => path.split(".")[0])
    // What is mounted has tables of its own; capabilities are also decided by name.
    const known = new Set([...rows, "Binds", "Mounts", "CapAdd"])
    expect(known).toEqual(new Set(Object.keys(hostConfigSchema.shape)))
  })

  it.each(neutral)("is kept out of changes as well: %s", (path, taken, refused) => {
    const update = (value: unknown): unknown => sent(call("POST", `/containers/${ID}/update`, {}, { [path]: value }))
    for (const value of taken) expect(update(value), JSON.stringify(value)).toEqual({})
    for (const value of refused) expect(() => update(value)).toThrow(`the body is not accepted at "${path}": "this is not allowed"`)
  })
})
