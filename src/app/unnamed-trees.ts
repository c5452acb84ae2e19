import { statSync } from "node:fs"
import type { RunContext } from "../base/run-context.ts"
import type { App, Place } from "./app.ts"
import type { FoundFiles } from "./detect/detection.ts"
import { describePlace, findTrees, mountedPlaces, type MountedPlace } from "./detect/trees.ts"
import type { ComposeModel, ContainerEngine } from "./ports.ts"
import { isInside } from "./tree/inside.ts"
import type { Unnamed } from "./unnamed.ts"

/**
 * What the project's services write to and no point of the app holds: volumes and directories that its settings do not name, most
 * often because they came to the compose file after `init`, and data of engines that Holdfast does not know.
 * @param app as it is located: places are paths of this machine
 */
export async function unnamedTrees(app: App, containers: ContainerEngine, ctx: RunContext): Promise<readonly Unnamed[]> {
  if (app.compose === null) return []
  const model = await withoutNamed(app, await containers.compose(app.compose, ctx), containers, ctx)
  const facts = { sqlite: {}, singleFiles: singleFiles(model), singleDatabases: [] }
  const ground = { projectDirectory: app.compose.projectDirectory, fill: (text: string) => text }
  const { files, notProtected } = findTrees(model, facts, app.recipe, app.secrets, ground)
  const dumped = app.databases.some(({ engine }) => engine === "command")
  const unknown = dumped ? [] : notProtected.map(({ what, why }) => ({ what, text: `${what} ${why}` }))
  const names = new Map(mountedPlaces(model).map((mounted) => [describePlace(mounted), sourceOf(mounted)]))
  return [...files.map(toldTree), ...unknown].map((one) => ({ name: names.get(one.what) ?? one.what, ...one }))
}

/** The project without the mounts that somebody has decided about. */
async function withoutNamed(app: App, model: ComposeModel, containers: ContainerEngine, ctx: RunContext): Promise<ComposeModel> {
  const named = new Set<string>()
  for (const mounted of mountedPlaces(model)) if (await isNamed(app, mounted, containers, ctx)) named.add(sourceOf(mounted))
  const services = model.services.map((service) => ({ ...service, mounts: service.mounts.filter(({ source }) => !named.has(source)) }))
  return { ...model, services }
}

/** As a service's mount names it. */
function sourceOf({ place }: MountedPlace): string {
  return "volume" in place ? place.volume : place.path
}

function singleFiles(model: ComposeModel): readonly string[] {
  const paths = mountedPlaces(model).flatMap(({ place }) => ("volume" in place ? [] : [place.path]))
  return paths.filter((path) => !isDirectory(path))
}

/** What may not be looked at is taken for one: it is told rather than passed over. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  } catch {
    return true
  }
}

function toldTree({ realName, place, usedBy }: FoundFiles): Omit<Unnamed, "name"> {
  const what = describePlace({ realName, place })
  return { what, text: `${what}, which ${usedBy.join(", ")} ${usedBy.length === 1 ? "uses" : "use"}, is not named in the settings` }
}

/**
 * Named as a whole or in part, or lying in what is named. Secrets and configuration that lie in it say nothing of the rest: a directory of the project
 * that is mounted holds its compose file as well.
 */
async function isNamed(app: App, mounted: MountedPlace, containers: ContainerEngine, ctx: RunContext): Promise<boolean> {
  const { place, realName } = mounted
  const sqlite = app.databases.flatMap((source) => (source.engine === "sqlite" ? [source.place] : []))
  const places = [...sqlite, ...app.files.map((files) => files.place)]
  if (app.leaveOut?.includes(sourceOf(mounted)) === true) return true
  if ("volume" in place && places.some((one) => "volume" in one && one.volume === place.volume)) return true
  const hostPath = realName === null ? place.path : (await containers.volumePath(realName, ctx))?.hostPath
  // A volume that is not there yet holds nothing.
  if (hostPath === undefined) return true
  const around = [...pathsOf(places), ...app.secrets, ...app.configuration]
  return around.some((path) => isInside(path, hostPath)) || pathsOf(places).some((path) => isInside(hostPath, path))
}

function pathsOf(places: readonly Place[]): readonly string[] {
  return places.flatMap((place) => ("volume" in place ? [] : [place.path]))
}
