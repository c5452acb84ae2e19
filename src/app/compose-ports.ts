/** What a compose project says of itself, and the engine of its containers. */
import type { Secret } from "../base/secret.ts"

/** A service's container as the engine sees it now, found by compose labels, never by name patterns. */
export interface ServiceState {
  readonly service: string
  readonly containerId: string
  readonly containerName: string
  readonly state: "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead"
  readonly health: "healthy" | "unhealthy" | "starting" | null
  readonly restartCount: number
  readonly restartPolicy: string
  readonly imageReference: string
  readonly imageId: string
  /** `repository@sha256:…` of the running image, empty for one that was built here. */
  readonly repositoryDigests: readonly string[]
  readonly addresses: readonly { readonly network: string; readonly address: string }[]
  readonly mounts: readonly ServiceMount[]
  readonly environment: Readonly<Record<string, Secret>>
  readonly labels: Readonly<Record<string, string>>
}

export interface ServiceMount {
  readonly kind: "volume" | "bind" | "tmpfs"
  /** The volume's real name, or the host path. */
  readonly source: string
  /** Host path of the data, null when the engine does not tell. */
  readonly hostPath: string | null
  readonly target: string
  readonly readOnly: boolean
}

/** The resolved compose configuration (`docker compose config`), all profiles, as far as Holdfast needs it. */
export interface ComposeModel {
  readonly projectName: string
  readonly services: readonly ComposeService[]
  /** Declared name → real name. */
  readonly volumes: Readonly<Record<string, { readonly name: string; readonly external: boolean }>>
  readonly networks: Readonly<Record<string, { readonly name: string; readonly external: boolean }>>
  /** Declared secret → file. */
  readonly secretFiles: Readonly<Record<string, string>>
  /** The whole document, for the sandbox. */
  readonly document: Readonly<Record<string, unknown>>
}

export interface ComposeService {
  readonly name: string
  readonly image: string | null
  readonly builds: boolean
  readonly profiles: readonly string[]
  readonly environment: Readonly<Record<string, Secret>>
  readonly envFiles: readonly string[]
  readonly mounts: readonly { readonly kind: string; readonly source: string; readonly target: string; readonly readOnly: boolean }[]
  readonly secrets: readonly string[]
  readonly dependsOn: readonly string[]
  readonly publishedPorts: readonly { readonly host: string; readonly published: string; readonly target: number }[]
  readonly hasHealthCheck: boolean
  readonly networkMode: string | null
  readonly labels: Readonly<Record<string, string>>
  /** What it needs of the machine that no sandbox has, as words (`it uses the host's network`); left out where it needs nothing of it. */
  readonly needsOfMachine?: string
}
