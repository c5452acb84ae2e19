import { statSync } from "node:fs"
import type { RunContext } from "../base/run-context.ts"
import type { App, Place } from "./app.ts"
import type { FoundFiles } from "./detect/detection.ts"
import { findTrees, mountedPlaces } from "./detect/trees.ts"
import type { ComposeModel, ContainerEngine } from "./ports.ts"
import { isInside } from "./tree/inside.ts"

/**
 * What the project's services write to and no point of the app holds, as sentences: volumes and directories that its settings do not name, most
 * often because they came to the compose file after `init`, and data of engines that Holdfast does not know.
 * @param app as it is located: places are paths of this machine
 */
export async function unnamedTrees(app: App, containers: ContainerEngine, ctx: RunContext): Promise<readonly string[]> {
  if (app.compose === null) return []
  const model = await containers.compose(app.compose, ctx)
  const facts = { sqlite: {}, singleFiles: singleFiles(model), singleDatabases: [] }
  const ground = { projectDirectory: app.compose.projectDirectory, fill: (text: string) => text }
  const { files, notProtected } = findTrees(model, facts, app.recipe, app.secrets, ground)
  const unnamed: string[] = []
  for (const found of files) if (!(await isNamed(app, found, containers, ctx))) unnamed.push(treeText(found))
  const dumped = app.databases.some(({ engine }) => engine === "command")
  return [...unnamed, ...(dumped ? [] : notProtected.map(({ what, why }) => `${what} ${why}`))]
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

function treeText({ realName, place, usedBy }: FoundFiles): string {
  const what = realName === null ? place.path : `volume ${realName}`
  return `${what}, which ${usedBy.join(", ")} ${usedBy.length === 1 ? "uses" : "use"}, is not named in the settings`
}

/** Also where a part of it is, or what lies around it: somebody has decided about it. */
async function isNamed(app: App, { realName, place }: FoundFiles, containers: ContainerEngine, ctx: RunContext): Promise<boolean> {
  const hostPath = realName === null ? place.path : (await containers.volumePath(realName, ctx))?.hostPath
  const sqlite = app.databases.flatMap((source) => (source.engine === "sqlite" ? [source.place] : []))
  const places = [...sqlite, ...app.files.map((files) => files.place)]
  const leaveOut = app.leaveOut ?? []
  if (leaveOut.includes("volume" in place ? place.volume : place.path)) return true
  const isSame = "volume" in place && places.some((one) => "volume" in one && one.volume === place.volume)
  // A volume that is not there yet holds nothing.
  if (isSame || hostPath === undefined) return true
  const named = [...pathsOf(places), ...app.secrets, ...app.configuration]
  return named.some((path) => isInside(hostPath, path) || isInside(path, hostPath))
}

function pathsOf(places: readonly Place[]): readonly string[] {
  return places.flatMap((place) => ("volume" in place ? [] : [place.path]))
}
