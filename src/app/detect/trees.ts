import { basename, resolve } from "node:path"
import type { Place } from "../app.ts"
import { isOfMachine } from "../machine-path.ts"
import type { ComposeModel } from "../ports.ts"
import type { Recipe } from "../recipe.ts"
import type { FoundDatabase, FoundFiles, LeftOut } from "./detection.ts"
import { kindOf } from "./image-kind.ts"
import { uniqueName } from "./postgres.ts"
import type { SqliteSearch } from "./sqlite-files.ts"

/** One volume or bind mount with everyone who uses it. */
export interface MountedPlace {
  readonly place: Place
  readonly realName: string | null
  readonly uses: readonly { readonly service: string; readonly target: string; readonly readOnly: boolean }[]
}

export interface TreeFindings {
  readonly files: readonly FoundFiles[]
  readonly sqlite: readonly FoundDatabase[]
  readonly leftOut: readonly LeftOut[]
  readonly notProtected: readonly LeftOut[]
  readonly unknown: readonly string[]
}

/** What to look up on the host; keys are the real volume name or the path. `null`: it cannot be read from here. */
export interface PlaceFacts {
  readonly sqlite: Readonly<Record<string, SqliteSearch | null>>
  /** Binds that are single files. */
  readonly singleFiles: readonly string[]
  /** Those of them that are SQLite databases. */
  readonly singleDatabases: readonly string[]
}

/** Bind mounts, and volumes that have a name, by what is behind them, each once. */
export function mountedPlaces(model: ComposeModel): readonly MountedPlace[] {
  const places = new Map<string, MountedPlace>()
  for (const service of model.services)
    for (const mount of service.mounts) {
      if ((mount.kind !== "volume" && mount.kind !== "bind") || mount.source === "") continue
      const realName = mount.kind === "volume" ? (model.volumes[mount.source]?.name ?? mount.source) : null
      const key = realName ?? mount.source
      const place: Place = mount.kind === "volume" ? { volume: mount.source, path: "" } : { path: mount.source }
      const use = { service: service.name, target: mount.target, readOnly: mount.readOnly }
      places.set(key, { place, realName, uses: [...(places.get(key)?.uses ?? []), use] })
    }
  return [...places.values()]
}

export function placeKey(mounted: MountedPlace): string {
  return mounted.realName ?? ("path" in mounted.place ? mounted.place.path : "")
}

/** @param projectDirectory what a recipe's relative paths are relative to */
export function findTrees(
  model: ComposeModel,
  facts: PlaceFacts,
  recipe: Recipe | null,
  secrets: readonly string[],
  ground: { projectDirectory: string; fill: (text: string) => string },
): TreeFindings {
  const findings = {
    files: [] as FoundFiles[],
    sqlite: [] as FoundDatabase[],
    leftOut: [] as LeftOut[],
    notProtected: [] as LeftOut[],
    unknown: [] as string[],
  }
  const used = new Set<string>()
  for (const mounted of mountedPlaces(model)) {
    const what = describePlace(mounted)
    if ("path" in mounted.place && facts.singleDatabases.includes(mounted.place.path)) {
      findings.sqlite.push(singleDatabase(mounted.place.path))
      continue
    }
    const reason = reasonToLeaveOut(mounted, model, facts, secrets)
    if (reason !== null) {
      if (reason.why !== "") (reason.protectedOtherwise ? findings.leftOut : findings.notProtected).push({ what, why: reason.why })
      continue
    }
    const search = facts.sqlite[placeKey(mounted)] ?? null
    if (search === null) findings.unknown.push(`${what} cannot be read from here: whether it holds a SQLite database is not known`)
    else if (!search.complete) findings.unknown.push(`${what} was not searched to its end for SQLite databases`)
    findings.sqlite.push(...sqliteIn(mounted, search))
    findings.files.push(fileTree(mounted, search, recipe, used, ground))
  }
  return findings
}

interface Reason {
  readonly why: string
  readonly protectedOtherwise: boolean
}

function reasonToLeaveOut(mounted: MountedPlace, model: ComposeModel, facts: PlaceFacts, secrets: readonly string[]): Reason | null {
  const kinds = mounted.uses.flatMap((use) =>
    model.services.filter((service) => service.name === use.service).map((service) => ({ service: service.name, ...kindOf(service) })),
  )
  const path = "path" in mounted.place && !("volume" in mounted.place) ? mounted.place.path : null
  const left = (why: string): Reason => ({ why, protectedOtherwise: true })
  if (path !== null && (path.endsWith(".sock") || isOfMachine(path))) return left("belongs to the machine, not to the app")
  if (path !== null && secrets.some((secret) => path === secret || path.startsWith(`${secret}/`))) return left("")
  const postgres = kinds.find((kind) => kind.kind === "postgres")
  if (postgres !== undefined && mounted.uses.some((use) => /postgres|pgdata/.test(use.target)))
    return left(
      `is the live directory of the database server ${postgres.service}; a copy of it while it runs is not consistent, its databases are dumped instead`,
    )
  const cache = kinds.find((kind) => kind.kind === "cache")
  if (cache !== undefined && kinds.every((kind) => kind.kind === "cache"))
    return left(`belongs to ${cache.service} (${cache.kind === "cache" ? cache.engine : ""}), a cache; it is filled again`)
  const unknown = kinds.find((kind) => kind.kind === "unknown-database")
  if (unknown?.kind === "unknown-database")
    return {
      why: `is the live directory of ${unknown.engine} (service ${unknown.service}), an engine that Holdfast does not know; give it as { command: { dump: [...], restore: [...] } }, or take points with --cold and name this under files`,
      protectedOtherwise: false,
    }
  if (path !== null && facts.singleFiles.includes(path)) return left("is a single file; it is saved as configuration")
  return null
}

/** `volume chat_media`, `/srv/chat/media`. */
export function describePlace(mounted: Pick<MountedPlace, "place" | "realName">): string {
  return mounted.realName === null ? ("path" in mounted.place ? mounted.place.path : "") : `volume ${mounted.realName}`
}

function singleDatabase(path: string): FoundDatabase {
  const why = `its first bytes are those of a SQLite database (${path})`
  return { engine: "sqlite", name: basename(path).replace(/\.[^.]*$/, ""), place: { path }, why }
}

function sqliteIn(mounted: MountedPlace, search: SqliteSearch | null): readonly FoundDatabase[] {
  return (search?.files ?? [])
    .filter((file) => !/\.(?:backup|bak)|backup-v/.test(basename(file)))
    .map((file) => ({
      engine: "sqlite",
      name: basename(file).replace(/\.[^.]*$/, ""),
      place: "volume" in mounted.place ? { volume: mounted.place.volume, path: file } : { path: resolve(mounted.place.path, file) },
      why: `its first bytes are those of a SQLite database (in ${describePlace(mounted)})`,
    }))
}

/** The database itself is dumped; its file and what SQLite keeps beside it are left out of the tree. */
function fileTree(
  mounted: MountedPlace,
  search: SqliteSearch | null,
  recipe: Recipe | null,
  used: Set<string>,
  ground: { projectDirectory: string; fill: (text: string) => string },
): FoundFiles {
  const known = Object.entries(recipe?.files ?? {}).find(([, files]) =>
    "volume" in mounted.place
      ? files.volume === mounted.place.volume
      : files.path !== undefined && resolve(ground.projectDirectory, ground.fill(files.path)) === mounted.place.path,
  )
  const wanted = known?.[0] ?? ("volume" in mounted.place ? mounted.place.volume : basename(mounted.place.path))
  const databases = (search?.files ?? []).flatMap((file) => [file, `${file}-wal`, `${file}-shm`, `${file}-journal`])
  return {
    name: uniqueName(wanted, used),
    place: mounted.place,
    realName: mounted.realName,
    usedBy: [...new Set(mounted.uses.map((use) => use.service))],
    exclude: [...new Set([...(known?.[1].exclude ?? []), ...databases])],
  }
}
