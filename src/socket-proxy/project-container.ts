import type { Policy } from "./policy.ts"
import { itemsOf, labelsIn, membersOf, pick, type Members } from "./pick.ts"
import { isOurs } from "./scope.ts"

const CONTAINER = [
  "Id",
  "Created",
  "Path",
  "Args",
  "Image",
  "Name",
  "RestartCount",
  "Driver",
  "Platform",
  "Mounts",
  "SizeRw",
  "SizeRootFs",
  "NetworkSettings",
]
const STATE = ["Status", "Running", "Paused", "Restarting", "OOMKilled", "Dead", "Pid", "ExitCode", "Error", "StartedAt", "FinishedAt"]
const CONFIG = [
  "Hostname",
  "Domainname",
  "User",
  "AttachStdin",
  "AttachStdout",
  "AttachStderr",
  "ExposedPorts",
  "Tty",
  "OpenStdin",
  "StdinOnce",
  "Cmd",
  "Entrypoint",
  "Healthcheck",
  "Image",
  "Volumes",
  "WorkingDir",
  "Labels",
  "StopSignal",
  "StopTimeout",
]
const HOST_CONFIG = [
  "Binds",
  "Mounts",
  "Tmpfs",
  "NetworkMode",
  "IpcMode",
  "PidMode",
  "UTSMode",
  "UsernsMode",
  "CgroupnsMode",
  "Privileged",
  "PortBindings",
  "PublishAllPorts",
  "RestartPolicy",
  "AutoRemove",
  "CapAdd",
  "CapDrop",
  "SecurityOpt",
  "Sysctls",
  "Ulimits",
  "ShmSize",
  "ReadonlyRootfs",
  "Init",
  "GroupAdd",
  "Dns",
  "DnsOptions",
  "DnsSearch",
  "ExtraHosts",
  "Memory",
  "MemoryReservation",
  "MemorySwap",
  "NanoCpus",
  "CpuShares",
  "PidsLimit",
]
const LISTED = [
  "Id",
  "Names",
  "Image",
  "ImageID",
  "Command",
  "Created",
  "Ports",
  "SizeRw",
  "SizeRootFs",
  "Labels",
  "State",
  "Status",
  "NetworkSettings",
  "Mounts",
]

/** A container as it is shown: without its environment, the output of its health checks and the options of its log (F134). */
export function projectContainer(answer: unknown): Members {
  const container = membersOf(answer)
  return {
    ...pick(container, CONTAINER),
    State: stateOf(container["State"]),
    Config: { ...pick(container["Config"], CONFIG), Env: [] },
    HostConfig: {
      ...pick(container["HostConfig"], HOST_CONFIG),
      LogConfig: pick(membersOf(container["HostConfig"])["LogConfig"], ["Type"]),
    },
  }
}

function stateOf(value: unknown): Members {
  const state = membersOf(value)
  const health = state["Health"]
  return { ...pick(state, STATE), ...("Health" in state ? { Health: pick(health, ["Status", "FailingStreak"]) } : {}) }
}

/** Only containers that are ours. */
export function projectContainers(answer: unknown, policy: Policy): readonly Members[] {
  return itemsOf(answer)
    .filter((each) => isOurs(labelsIn(membersOf(each)["Labels"]), policy))
    .map((each) => ({ ...pick(each, LISTED), HostConfig: pick(membersOf(each)["HostConfig"], ["NetworkMode"]) }))
}
