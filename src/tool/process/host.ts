import { readFileSync, readlinkSync } from "node:fs"
import type { HostIdentity } from "../../operation/operation.ts"

/** Where identities are read; another directory in tests. */
export interface HostOptions {
  readonly hostName: string
  readonly processId: number
  readonly procDirectory?: string
}

/** The machine's first process-id namespace; in another one (a container) process ids mean something else. */
const FIRST_NAMESPACE = "pid:[4026531836]"

/**
 * Who we are and who still lives, from /proc. A process id alone proves nothing: it may have been given to
 * another process (start time), on an earlier boot (boot id), or in another container (name space; host name).
 */
export function createHostIdentity(options: HostOptions): HostIdentity {
  const proc = options.procDirectory ?? "/proc"
  const bootId = readFileSync(`${proc}/sys/kernel/random/boot_id`, "utf8").trim()
  const host = hostOf(options.hostName, readlinkSync(`${proc}/self/ns/pid`))
  const processStart = startOf(proc, options.processId)
  if (processStart === null) throw new Error(`process ${options.processId} is not in ${proc}`)
  return {
    self: (command) => ({ host, bootId, processId: options.processId, processStart, command }),
    isAlive: (holder) => {
      if (nameOf(holder.host) !== options.hostName) return true
      if (holder.bootId !== bootId) return false
      if (holder.host !== host) return true
      return startOf(proc, holder.processId) === holder.processStart
    },
  }
}

function hostOf(hostName: string, namespace: string): string {
  return namespace === FIRST_NAMESPACE ? hostName : `${hostName} ${namespace}`
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
