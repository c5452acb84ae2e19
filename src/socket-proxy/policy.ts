import type { Switches } from "./switches.ts"

/** What is off unless the operator says so. `archive` is `docker cp`, `attach` the streams of a container's main process. */
export const PERMISSIONS = ["exec", "attach", "archive"] as const

export type Permission = (typeof PERMISSIONS)[number]

/** A host directory or file that containers may be given. */
export interface BindSource {
  /** Absolute and canonical, as containers name it. */
  readonly path: string
  /** Where it leads when links are followed; null when it cannot be seen from here. */
  readonly real: string | null
  readonly readOnly: boolean
}

/** Everything that the proxy decides by. Nothing in it comes from a caller. */
export interface Policy {
  /** Compose projects whose containers, networks and volumes may be reached. */
  readonly projects: readonly string[]
  /** Value of the proxy's own label: what it made itself may be reached too (F135). */
  readonly scope: string
  readonly bindSources: readonly BindSource[]
  /** Sockets of engines: neither they nor a directory above them is ever given to a container. */
  readonly engineSockets: readonly string[]
  /** Beyond those that every container has anyway, without `CAP_`. */
  readonly capabilities: readonly string[]
  /** Repositories of images; null: any may be pulled and used, none removed or tagged. */
  readonly repositories: readonly string[] | null
  /** Whether only digests may be pulled. */
  readonly digestsOnly: boolean
  readonly permissions: readonly Permission[]
  readonly switches: Switches
}

export const LIMITS = {
  /** Of a request body that is read as JSON. */
  bodyBytes: 256 * 1024,
  /** Of an archive that is put into a container. */
  archiveBytes: 64 * 1024 * 1024,
  /** Of an answer of the engine that is read as a whole. */
  answerBytes: 16 * 1024 * 1024,
  targetCharacters: 4096,
  headers: 32,
  headerBytes: 16 * 1024,
  connections: 64,
  /** Until a request has come as a whole. */
  requestMs: 30_000,
  /** Until the engine has answered what is no stream. */
  answerMs: 600_000,
  /** Of logs, waits, pulls and attached streams. */
  streamMs: 3_600_000,
} as const
