/** Turns the places of an app (compose volumes) into paths of this host, through the container engine. */
import { join } from "node:path"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { App, DatabaseSource, FileSource, Place, PostgresSource, SqliteSource } from "./app.ts"
import type { ComposeModel, ContainerEngine } from "./ports.ts"
import { passwordOfService } from "./service-password.ts"

export interface HostPath {
  readonly path: string
}

export type LocatedFileSource = FileSource & { readonly place: HostPath }
export type LocatedDatabaseSource = Exclude<DatabaseSource, SqliteSource> | (SqliteSource & { readonly place: HostPath })

export interface LocatedVolume {
  readonly realName: string
  readonly hostPath: string
}

/** An app whose every place is a path of this host. */
export interface LocatedApp extends App {
  readonly files: readonly LocatedFileSource[]
  readonly databases: readonly LocatedDatabaseSource[]
  /** Declared name → what it really is. */
  readonly volumes: Readonly<Record<string, LocatedVolume>>
  /** `files:uploads` → `volume:srv_file_storage`, or the path itself: what the manifest says of where a part came from. */
  readonly origins: Readonly<Record<string, string>>
  readonly model: ComposeModel | null
}

/**
 * @throws VOLUME_MISSING when the compose file declares no such volume or the engine has none; VOLUME_NOT_VISIBLE when its
 * data cannot be read from here; COMPOSE_SERVICE_MISSING when a database's service is not in the project
 */
export async function locateApp(app: App, containers: ContainerEngine, ctx: RunContext): Promise<LocatedApp> {
  const model = app.compose === null ? null : await containers.compose(app.compose, ctx)
  const volumes: Record<string, LocatedVolume> = {}
  for (const name of declaredVolumes(app)) volumes[name] = await locateVolume(name, model, containers, ctx)
  const origins: Record<string, string> = {}
  const at = (part: string, place: Place): HostPath => {
    origins[part] = "volume" in place ? join(`volume:${volumes[place.volume]?.realName ?? place.volume}`, place.path) : place.path
    return hostPath(place, volumes)
  }
  return {
    ...app,
    files: app.files.map((source) => ({ ...source, place: at(`files:${source.name}`, source.place) })),
    databases: app.databases.map((source) => {
      if (source.engine === "sqlite") return { ...source, place: at(`database:${source.name}`, source.place) }
      return source.engine === "postgres" ? withPassword(source, model) : source
    }),
    volumes,
    origins,
    model,
  }
}

function declaredVolumes(app: App): readonly string[] {
  const places = [
    ...app.files.map(({ place }) => place),
    ...app.databases.flatMap((source) => (source.engine === "sqlite" ? [source.place] : [])),
  ]
  return [...new Set(places.flatMap((place) => ("volume" in place ? [place.volume] : [])))]
}

function hostPath(place: Place, volumes: Readonly<Record<string, LocatedVolume>>): HostPath {
  if (!("volume" in place)) return { path: place.path }
  const base = volumes[place.volume]?.hostPath ?? ""
  return { path: place.path === "" ? base : join(base, place.path) }
}

async function locateVolume(
  name: string,
  model: ComposeModel | null,
  containers: ContainerEngine,
  ctx: RunContext,
): Promise<LocatedVolume> {
  const declared = model?.volumes[name]
  if (declared === undefined) {
    const known = Object.keys(model?.volumes ?? {})
    throw new HoldfastError("VOLUME_MISSING", {
      what: `the compose file declares no volume ${name}`,
      why: known.length === 0 ? "it declares none" : `it declares ${known.join(", ")}`,
    })
  }
  const found = await containers.volumePath(declared.name, ctx)
  if (found === null)
    throw new HoldfastError("VOLUME_MISSING", {
      what: `there is no volume ${declared.name}`,
      why: `it is the real name of ${name} in this project`,
      hint: `If it was deleted, make it anew, empty, as compose would, then run the command again: ${volumeCommand(declared.name, name, model)}`,
      details: { volume: declared.name },
    })
  if (!found.visible)
    throw new HoldfastError("VOLUME_NOT_VISIBLE", {
      what: `the data of the volume ${declared.name} cannot be read from here`,
      why: `the engine says it is in ${found.hostPath}`,
    })
  return { realName: declared.name, hostPath: found.hostPath }
}

/** With compose's own labels, so that compose takes it for its own. */
function volumeCommand(realName: string, declared: string, model: ComposeModel | null): string {
  const labels = { "com.docker.compose.project": model?.projectName ?? "", "com.docker.compose.volume": declared }
  const options = Object.entries(labels).map(([label, value]) => `--label ${label}=${value}`)
  return `docker volume create ${options.join(" ")} ${realName}`
}

/** Where the settings give no password, the one that the database's own service is started with. */
function withPassword(source: PostgresSource, model: ComposeModel | null): PostgresSource {
  if (source.service === null || model === null) return source
  const service = model.services.find(({ name }) => name === source.service)
  if (service === undefined)
    throw new HoldfastError("COMPOSE_SERVICE_MISSING", {
      what: `there is no service ${source.service} in the project ${model.projectName}`,
      why: `there is ${model.services.map(({ name }) => name).join(", ")}`,
    })
  return source.password === null ? { ...source, password: passwordOfService(service, model) } : source
}
