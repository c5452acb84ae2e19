import { HoldfastError } from "../../../base/errors.ts"
import { refusedMount } from "./bind.ts"
import { unescapePath, type SourceService } from "./document.ts"

/** Capabilities by which a container leaves its box; the others act inside it. */
const ESCAPES = new Set(["ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "SYS_PTRACE", "SYS_BOOT", "DAC_READ_SEARCH", "BPF"])

/** Throws SANDBOX_REFUSED when the service needs something that a sandbox must not have (design §6). */
export function refuseUnsafe(name: string, service: SourceService, included: ReadonlySet<string>): void {
  const reason = reasonAgainst(service, included)
  if (reason !== null) throw sandboxRefused(name, reason)
}

/** What of the machine the service needs that no sandbox has, whatever a point holds; null: nothing. */
export function needsOfMachine(service: SourceService, services: ReadonlySet<string>): string | null {
  const mounted = (service.volumes ?? []).flatMap(({ type, source }) =>
    type === "bind" && source ? [refusedMount(unescapePath(source))] : [],
  )
  return reasonAgainst(service, services) ?? mounted.find((reason) => reason !== null) ?? null
}

export function sandboxRefused(service: string, reason: string): HoldfastError {
  return new HoldfastError("SANDBOX_REFUSED", {
    what: `service ${service} cannot run in a sandbox: ${reason}`,
    details: { service, reason },
  })
}

function reasonAgainst(service: SourceService, included: ReadonlySet<string>): string | null {
  if (service.privileged === true) return "it is privileged"
  if ((service.devices ?? []).length > 0 || (service.device_cgroup_rules ?? []).length > 0) return "it uses devices of the host"
  if (service.gpus !== undefined && service.gpus !== null) return "it uses graphics processors of the host"
  const capability = (service.cap_add ?? []).find((each) => ESCAPES.has(each.toUpperCase().replace(/^CAP_/, "")))
  if (capability !== undefined) return `it has the capability ${capability}`
  return sharedNamespace(service, included) ?? foreignVolumes(service, included)
}

function sharedNamespace(service: SourceService, included: ReadonlySet<string>): string | null {
  const modes = { network: service.network_mode, "process space": service.pid, ipc: service.ipc, uts: service.uts, cgroup: service.cgroup }
  for (const [kind, mode] of Object.entries(modes)) {
    if (mode === "host") return `it uses the host's ${kind}`
    if (mode?.startsWith("container:") === true) return `it uses the ${kind} of a container outside the project`
    const other = mode?.startsWith("service:") === true ? mode.slice("service:".length) : null
    if (other !== null && !included.has(other)) return `it uses the ${kind} of service ${other}, which is not part of the sandbox`
  }
  return null
}

function foreignVolumes(service: SourceService, included: ReadonlySet<string>): string | null {
  for (const entry of service.volumes_from ?? []) {
    if (!included.has(entry.split(":")[0] ?? "")) return `it uses volumes of ${entry}, which is not part of the sandbox`
  }
  return null
}
