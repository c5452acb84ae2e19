/** What adoption puts into the compose files: the two services of an updater, and what the server needs to talk to it. Pure. */
import type { ManagedUpdates } from "../app/managed-updates.ts"
import { HOLDFAST_SERVICE_LABEL } from "../app/updater-services.ts"
import type { Json } from "../base/canonical-json.ts"
import { isRecord } from "../settings/member-value.ts"

export type Members = { readonly [key: string]: Json | undefined }

export interface Additions {
  /** Service → its whole definition. */
  readonly services: Readonly<Record<string, Json>>
  /** Definitions of these services that the files have already give way; otherwise they stay as they are. */
  readonly takesPlace: boolean
  readonly secrets: Readonly<Record<string, Json>>
  readonly volumes: Readonly<Record<string, Json>>
  readonly networks: Readonly<Record<string, Json>>
  readonly server: {
    readonly service: string
    readonly environment: Readonly<Record<string, string>>
    readonly secrets: readonly string[]
    readonly networks: readonly string[]
  }
}

/** What of the install goes into the texts of a definition. */
export interface DefinitionGround {
  readonly serverContainer: string
  /** The server's environment as the compose files write it. */
  readonly serverEnvironment: ReadonlyMap<string, string>
  readonly serverNetworks: readonly string[]
  readonly engineSocket: string
  /** Secrets that the compose files declare already. */
  readonly declaredSecrets: readonly string[]
}

export interface PairImages {
  readonly updater: string
  readonly proxy: string
}

/** The vendor's own pair, as its guide describes it (C143, C144). */
export function vendorAdditions(managed: ManagedUpdates, ground: DefinitionGround, images: PairImages): Additions {
  const shared = Object.entries(managed.sharedSecrets).filter(([name]) => ground.declaredSecrets.includes(name))
  const updater = withShared(managed.updater.definition, shared)
  return {
    services: {
      [managed.updater.service]: { image: images.updater, ...filled(updater, ground) },
      [managed.proxy.service]: { image: images.proxy, ...filled(managed.proxy.definition, ground) },
    },
    takesPlace: false,
    secrets: Object.fromEntries(Object.entries(managed.secrets).map(([name, { file }]) => [name, { file }])),
    volumes: managed.volumes,
    networks: managed.networks,
    server: { ...managed.server },
  }
}

function withShared(definition: Members, shared: readonly (readonly [string, ManagedUpdates["sharedSecrets"][string]])[]): Members {
  if (shared.length === 0) return definition
  const environment = new Map(Object.entries(mapping(definition["environment"])))
  for (const [, told] of shared) for (const [name, value] of Object.entries(told.environment)) environment.set(name, value)
  return {
    ...definition,
    environment: Object.fromEntries(environment),
    secrets: [...list(definition["secrets"]), ...shared.map(([name]) => name)],
  }
}

/** What Holdfast's own image needs to see to work for one app, each at its own path. */
export interface HoldfastPlace {
  readonly image: string
  readonly projectName: string
  readonly settingsFile: string
  readonly stateDirectory: string
  /** Directories that it reads and writes: the project's, those of vaults, those of the app's files. */
  readonly directories: readonly string[]
  /** What containers of the app mount from the host. */
  readonly appBinds: readonly { readonly path: string; readonly readOnly: boolean }[]
  /** Of every image that the app runs or may come to run. */
  readonly repositories: readonly string[]
}

/** Without these a process of root may touch nobody's files; a backup reads all of them, a rollback puts them back as they were. */
const FILE_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER"]

/** Holdfast's image in the place of both, under the same names, ports and variables, and no less hardened. */
export function holdfastAdditions(managed: ManagedUpdates, ground: DefinitionGround, place: HoldfastPlace): Additions {
  const additions = vendorAdditions(managed, ground, { updater: place.image, proxy: place.image })
  const { updater, proxy } = managed
  return {
    ...additions,
    takesPlace: true,
    services: {
      [updater.service]: ownUpdater(mapping(additions.services[updater.service]), managed, place),
      [proxy.service]: ownProxy(mapping(additions.services[proxy.service]), place),
    },
  }
}

function ownUpdater(base: Members, { updater }: ManagedUpdates, place: HoldfastPlace): Json {
  const { settingsFile, stateDirectory } = place
  const own = outermost([...place.directories, stateDirectory, settingsFile.slice(0, settingsFile.lastIndexOf("/")) || "/"])
  return {
    ...base,
    command: ["serve"],
    labels: { [HOLDFAST_SERVICE_LABEL]: "updater" },
    init: true,
    // A throwaway server's socket is called by a short name there.
    tmpfs: ["/tmp", "/var/tmp"],
    // Who runs an operation is told by the host's name: made anew, it is still the same one.
    hostname: `${place.projectName}-updater`,
    stop_grace_period: "2m",
    cap_add: FILE_CAPABILITIES,
    environment: {
      ...mapping(base["environment"]),
      HOLDFAST_CONFIG: settingsFile,
      HOLDFAST_STATE_DIR: stateDirectory,
      HOLDFAST_HEALTH_URL: `http://127.0.0.1:${updater.port}/health`,
    },
    volumes: [...list(base["volumes"]), ...own.map((path) => `${path}:${path}`)],
    healthcheck: patience(base),
  }
}

/** Names that Holdfast gives to images. */
const OWN_REPOSITORIES = ["holdfast-kept", "holdfast-pulled", "holdfast-helper"]

/**
 * Lets through what a backup, a rehearsal and an update of this app take, and nothing else: commands inside its containers, throwaway
 * containers of its images, and the copies that these mount. The vendor's updater does without `exec` and volumes; it rehearses nothing.
 */
function ownProxy(base: Members, { projectName, appBinds, repositories, stateDirectory }: HoldfastPlace): Json {
  const scratch = `${stateDirectory}/scratch`
  const allowed = [...appBinds.map(({ path, readOnly }) => (readOnly ? `${path}:ro` : path)), scratch]
  const seen = outermost([...appBinds.map(({ path }) => path), scratch])
  const words = ["socket-proxy", "--listen", "0.0.0.0:2375", "--internal-network", "--project", projectName]
  return {
    ...base,
    labels: { [HOLDFAST_SERVICE_LABEL]: "socket-proxy" },
    command: [
      ...words,
      ...["exec", "attach", "archive"].flatMap((permission) => ["--allow", permission]),
      ...[...repositories, ...OWN_REPOSITORIES].flatMap((repository) => ["--repository", repository]),
      ...allowed.flatMap((path) => ["--allow-path", path]),
    ],
    environment: { ...mapping(base["environment"]), EXEC: "1", VOLUMES: "1", HOLDFAST_HEALTH_URL: "http://127.0.0.1:2375/_ping" },
    volumes: [...list(base["volumes"]), ...seen.map((path) => `${path}:${path}:ro`)],
    healthcheck: { interval: "10s", timeout: "5s", start_period: "30s", retries: 6 },
  }
}

/** The image knows how to ask; how often is said here. */
function patience(base: Members): Json {
  return Object.fromEntries(Object.entries(mapping(base["healthcheck"])).filter(([name]) => name !== "test"))
}

/** Without those that lie inside of another. */
export function outermost(paths: readonly string[]): readonly string[] {
  const all = [...new Set(paths)]
  return all.filter((path) => !all.some((other) => other !== path && path.startsWith(other.endsWith("/") ? other : `${other}/`))).toSorted()
}

const VARIABLE = /\{(server\.container|engine\.socket|server\.environment\.([A-Za-z_][A-Za-z0-9_]*))\}/g

function filled(definition: Members, ground: DefinitionGround): Members {
  return Object.fromEntries(
    Object.entries(definition).flatMap(([key, value]) => {
      const one = value === undefined ? undefined : fill(value, ground)
      return one === undefined ? [] : [[key, one]]
    }),
  )
}

function fill(value: Json, ground: DefinitionGround): Json | undefined {
  if (typeof value === "string") return fillText(value, ground)
  if (Array.isArray(value)) {
    return value.flatMap((item: Json): Json[] => {
      if (item === "{server.networks}") return [...ground.serverNetworks]
      const one = fill(item, ground)
      return one === undefined ? [] : [one]
    })
  }
  return isMembers(value) ? filled(value, ground) : value
}

function fillText(text: string, ground: DefinitionGround): string | undefined {
  let isWhole = true
  const written = text.replaceAll(VARIABLE, (_whole, what: string, variable: string | undefined) => {
    if (what === "server.container") return ground.serverContainer
    if (what === "engine.socket") return ground.engineSocket
    const value = ground.serverEnvironment.get(variable ?? "")
    if (value === undefined) isWhole = false
    return value ?? ""
  })
  return isWhole ? written : undefined
}

function mapping(value: Json | undefined): Members {
  return value !== undefined && isMembers(value) ? value : {}
}

function list(value: Json | undefined): readonly Json[] {
  const items: readonly Json[] = Array.isArray(value) ? value : []
  return items
}

function isMembers(value: Json): value is Members {
  return isRecord(value)
}
