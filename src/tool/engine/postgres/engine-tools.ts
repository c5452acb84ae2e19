/** What the engine is built from, and what it remembers between calls. */
import type { ContainerEngine } from "../../../app/ports.ts"
import type { Processes } from "../../process/process.ts"

export interface EngineTools {
  readonly processes: Processes
  /** Null where there is no container engine. */
  readonly containers: ContainerEngine | null
  /** For pipes and pass files; private to us. */
  readonly scratchDirectory: string
  /** Where client programs are looked for instead of the usual places. */
  readonly pgBinDirectories?: readonly string[]
  /** How long a capture waits for a lock of another session. */
  readonly lockTimeoutMs?: number
  /** How long a client program may move no byte before it is ended. */
  readonly stallLimitMs?: number
}

/** What one engine remembers between calls, because finding it out costs a container or a time-out. */
export interface Memory {
  /** Image → version of its client programs. */
  readonly imageVersions: Map<string, string>
  /** Addresses of containers that did not answer. */
  readonly unreachable: Set<string>
  /** A scratch server in a container, by the host that its source names: its image, and the real directory of its socket. */
  readonly scratchServers: Map<string, { readonly image: string; readonly directory: string }>
}

export function createMemory(): Memory {
  return { imageVersions: new Map(), unreachable: new Set(), scratchServers: new Map() }
}
