/** Where the point's files and SQLite databases lie for the containers of a sandbox. */
import { chmod, chown, mkdir, stat } from "node:fs/promises"
import { basename, dirname, join, relative } from "node:path"
import type { App, ComposeProject, SqliteSource } from "../app/app.ts"
import type { ComposeModel } from "../app/ports.ts"
import { schemaQueries } from "../app/schema-queries.ts"
import { isInside } from "../app/tree/inside.ts"
import type { RunContext } from "../base/run-context.ts"
import { stageDump, type Origin } from "../restore/stage.ts"
import { databasePart } from "./database-part.ts"
import type { Fetched } from "./fetch.ts"
import type { DrillTools } from "./ports.ts"

export interface SandboxPlaces {
  /** Real name of a volume → directory that is mounted in its place. */
  readonly volumeDirectories: Readonly<Record<string, string>>
  /** Path of a bind mount, live and in the copied project → what is mounted in its place. */
  readonly bindReplacements: Readonly<Record<string, string>>
  /** SQLite databases by name, at their place in the sandbox. */
  readonly sqlite: Readonly<Record<string, SqliteSource>>
}

/** The copy of the compose project, resolved, and our own directory. */
export interface Copied {
  readonly project: ComposeProject
  readonly model: ComposeModel
  readonly directory: string
}

/** Trees go where their volume or path is mounted; SQLite files lie inside them before anything starts. */
export async function placeFiles(
  tools: DrillTools,
  app: App,
  origin: Origin,
  fetched: Fetched,
  copied: Copied,
  ctx: RunContext,
): Promise<SandboxPlaces> {
  const volumeDirectories = volumeTrees(app, fetched, copied.model)
  const replacements = { ...bindReplacements(app, fetched, copied.project) }
  const sqlite: Record<string, SqliteSource> = {}
  for (const source of app.databases) {
    if (source.engine !== "sqlite") continue
    const path =
      "volume" in source.place
        ? await placeInVolume(source.name, source.place, volumeDirectories, copied)
        : await placeInBind(app, source.name, source.place.path, replacements, copied)
    if (path === null) continue
    await placeSqlite(tools, app, origin, source, path, ctx)
    sqlite[source.name] = { ...source, place: { path } }
  }
  return { volumeDirectories, bindReplacements: replacements, sqlite }
}

function volumeTrees(app: App, fetched: Fetched, model: ComposeModel): Record<string, string> {
  const directories: Record<string, string> = {}
  for (const source of app.files) {
    const real = "volume" in source.place ? model.volumes[source.place.volume]?.name : undefined
    const tree = fetched.trees[source.name]
    if (real !== undefined && tree !== undefined) directories[real] = tree
  }
  return directories
}

async function placeInVolume(
  name: string,
  place: { readonly volume: string; readonly path: string },
  directories: Record<string, string>,
  { model, directory }: Copied,
): Promise<string | null> {
  const real = model.volumes[place.volume]?.name
  if (real === undefined) return null
  directories[real] ??= join(directory, "volume", name)
  return await Promise.resolve(join(directories[real], place.path))
}

/** Inside a tree of the point where one covers it; else what is mounted there is replaced by a directory (or file) that holds the database alone. */
async function placeInBind(
  app: App,
  name: string,
  live: string,
  replacements: Record<string, string>,
  { project, model, directory }: Copied,
): Promise<string | null> {
  const covered = nearest(Object.keys(replacements), live)
  if (covered !== null) return join(replacements[covered] ?? "", relative(covered, live))
  const names = [live, copiedPath(app, live, project)]
  const binds = model.services.flatMap(({ mounts }) => mounts.filter(({ kind }) => kind === "bind").map(({ source }) => source))
  for (const path of names) {
    const mount = nearest(binds, path)
    if (mount === null) continue
    const own = join(directory, "bind", name)
    await mkdir(own, { recursive: true, mode: 0o700 })
    replacements[mount] = mount === path ? join(own, basename(path)) : own
    if (mount !== path) await asLive(own, mount, path, live)
    return mount === path ? join(own, basename(path)) : join(own, relative(mount, path))
  }
  return null
}

/** With the live directory's owner and mode, so that the app's own user may write beside the database. */
async function asLive(own: string, mount: string, path: string, live: string): Promise<void> {
  const mounted = live.slice(0, live.length - relative(mount, path).length)
  const status = await stat(mounted).catch(() => null)
  if (status === null) return
  await chmod(own, status.mode & 0o7777)
  await chown(own, status.uid, status.gid)
}

/** The longest of these that is the path itself or a directory above it. */
function nearest(candidates: readonly string[], path: string): string | null {
  const above = candidates.filter((candidate) => candidate === path || isInside(candidate, path))
  return above.toSorted((left, right) => right.length - left.length)[0] ?? null
}

async function placeSqlite(
  tools: DrillTools,
  app: App,
  origin: Origin,
  source: SqliteSource,
  path: string,
  ctx: RunContext,
): Promise<void> {
  const made = await mkdir(dirname(path), { recursive: true })
  const target: SqliteSource = { ...source, place: { path } }
  const engine = tools.databases.for(target)
  const names = engine.planNames(target, ctx.operationId)
  const staging = { source: target, name: names.staged, schema: schemaQueries(app, source) }
  await stageDump(tools.databases, origin, databasePart(origin, source.name), staging, ctx)
  await engine.swapIn(target, names, ctx)
  if (made !== undefined) await giveToOwnerOf(path, made)
}

/** A volume of which the point has the database alone: whoever owns the file has to write beside it. */
async function giveToOwnerOf(path: string, made: string): Promise<void> {
  const { uid, gid } = await stat(path)
  for (let directory = dirname(path); directory.length >= made.length; directory = dirname(directory)) await chown(directory, uid, gid)
}

/**
 * What the copied configuration mounts → the point's content. Paths inside the project were resolved in its copy, others on the live host; both
 * names of each are given.
 */
export function bindReplacements(app: App, fetched: Fetched, project: ComposeProject): Readonly<Record<string, string>> {
  const replacements: Record<string, string> = {}
  const put = (live: string, now: string): void => {
    replacements[live] = now
    replacements[copiedPath(app, live, project)] = now
  }
  for (const [live, now] of Object.entries(fetched.paths)) put(live, now)
  for (const source of app.files) {
    const tree = fetched.trees[source.name]
    if (tree !== undefined && !("volume" in source.place)) put(source.place.path, tree)
  }
  return replacements
}

/** Where a live path of the project lies in its copy; a path outside keeps its name. */
function copiedPath(app: App, live: string, project: ComposeProject): string {
  if (app.compose === null || !isInside(app.compose.projectDirectory, live)) return live
  return join(project.projectDirectory, relative(app.compose.projectDirectory, live))
}
