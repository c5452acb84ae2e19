import { readFileSync, readlinkSync } from "node:fs"
import type { HostIdentity } from "../../operation/operation.ts"
import type { Holder } from "../../operation/ports.ts"
import type { LifeLocks } from "./life-lock.ts"

/** Where identities are read; another directory in tests. */
export interface HostOptions {
  readonly hostName: string
  readonly processId: number
  readonly procDirectory?: string
  /** Kept where process ids say nothing to others: in a container. */
  readonly locks?: LifeLocks
}

/** The machine's first process-id namespace; in another one (a container) process ids mean something else. */
const FIRST_NAMESPACE = "pid:[4026531836]"

/**
 * Who we are and who still lives, from /proc. A process id alone proves nothing: it may have been given to
 * another process (start time), on an earlier boot (boot id), or in another container (name space; host name). Who ran in a container, and
 * may have left with it, is known by the lock that it kept.
 */
export function createHostIdentity(options: HostOptions): HostIdentity {
  const proc = options.procDirectory ?? "/proc"
  const bootId = readFileSync(`${proc}/sys/kernel/random/boot_id`, "utf8").trim()
  const host = hostOf(options.hostName, readlinkSync(`${proc}/self/ns/pid`))
  const processStart = startOf(proc, options.processId)
  if (processStart === null) throw new Error(`process ${options.processId} is not in ${proc}`)
  return {
    self: (command) => {
      const self = { host, bootId, processId: options.processId, processStart, command }
      if (host !== options.hostName) options.locks?.keep(lockOf(self))
      return self
    },
    isAlive: (holder) => {
      if (holder.bootId === bootId && holder.host === host) return startOf(proc, holder.processId) === holder.processStart
      if (holder.bootId === bootId) return options.locks?.look(lockOf(holder)) !== "free"
      return nameOf(holder.host) !== options.hostName
    },
  }
}

function hostOf(hostName: string, namespace: string): string {
  return namespace === FIRST_NAMESPACE ? hostName : `${hostName} ${namespace}`
}

/** Distinct for each process of one boot, in whatever container. */
function lockOf({ host, bootId, processId, processStart }: Holder): string {
  const namespace = /\[(\d+)\]$/.exec(host)?.[1] ?? "host"
  return [bootId, namespace, processId, processStart].join("-")
}

function nameOf(host: string): string {
  return host.split(" ")[0] ?? host
}

/** Field 22 of /proc/PID/stat; null for no such process and for one that has ended but was not yet collected. */
function startOf(proc: string, processId: number): string | null {
  const text = readStat(`${proc}/${processId}/stat`)
  if (text === null) return null
  // The second field is the program's name in parentheses, and may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
  const [state] = fields
  if (state === "Z" || state === "X") return null
  return fields[19] ?? null
}

function readStat(path: string): string | null {
  try {
    return readFileSync(path, "utf8")
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && (thrown.code === "ENOENT" || thrown.code === "ESRCH")) return null
    throw thrown
  }
}
