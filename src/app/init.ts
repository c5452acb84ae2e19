/** Writes the first settings file from what is found; asks nothing, hides nothing, overwrites nothing unless told to. */
import { existsSync, statSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { writeFileDurably } from "../base/durable-file.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { ComposeProject } from "./app.ts"
import { COMPOSE_FILE_NAMES, findComposeProject } from "./compose/project.ts"
import { isSqlite } from "./compose/read-files.ts"
import { detect } from "./detect/detect.ts"
import type { Detection } from "./detect/detection.ts"
import { detectPlain } from "./detect/plain.ts"
import { renderSettings } from "./detect/render.ts"
import { withServedDatabases } from "./detect/served-databases.ts"
import { readEnvFile } from "./env-file.ts"
import { findSqliteFiles, type SqliteSearch } from "./detect/sqlite-files.ts"
import { mountedPlaces, type PlaceFacts, placeKey } from "./detect/trees.ts"
import type { Recipes } from "./load-recipes.ts"
import { isOfMachine } from "./machine-path.ts"
import type { ComposeModel, ContainerEngine, DatabaseEngines } from "./ports.ts"

export interface InitRequest {
  /** Compose file or its folder; null: the present folder. */
  readonly compose: string | null
  readonly recipe: string | null
  /** Name of the app; null: the project's. */
  readonly name: string | null
  readonly cwd: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where the settings go; null: `holdfast.yaml` in the present folder. */
  readonly file: string | null
  readonly vaultPath: string | null
}

export interface InitTools {
  readonly containers: ContainerEngine
  readonly databases: DatabaseEngines
  readonly recipes: Recipes
}

export interface InitPlan {
  readonly file: string
  readonly exists: boolean
  readonly detection: Detection
  /** The whole settings file. */
  readonly text: string
  /** What was found, left out, not known: for people, one line each. */
  readonly report: readonly string[]
}

/**
 * Looks, and writes nothing.
 * @throws COMPOSE_INVALID, RECIPE_UNKNOWN, ENGINE_UNREACHABLE
 */
export async function planInit(request: InitRequest, tools: InitTools, ctx: RunContext): Promise<InitPlan> {
  if (request.recipe !== null && tools.recipes[request.recipe] === undefined)
    throw new HoldfastError("RECIPE_UNKNOWN", {
      what: `there is no recipe called ${request.recipe}`,
      why: `there is ${Object.keys(tools.recipes).join(", ")}`,
    })
  const composeFile = findComposeFile(resolve(request.cwd, request.compose ?? "."))
  if (composeFile === null) return await planPlainInit(request)
  const found = findComposeProject({
    files: [composeFile],
    exactly: false,
    projectName: null,
    projectDirectory: null,
    profiles: null,
    environment: request.environment,
  })
  const project = await asItRuns(found.project, tools.containers, ctx)
  const model = await tools.containers.compose(project, ctx)
  const states = await tools.containers.services(model.projectName, ctx)
  const facts = await lookAtPlaces(model, tools.containers, ctx)
  const appName = nameOf(request.name ?? model.projectName)
  const detected = detect({
    appName,
    found,
    model,
    states,
    facts: { ...facts, exists: existsSync },
    recipes: tools.recipes,
    recipeName: request.recipe,
  })
  const fromShell =
    request.environment["COMPOSE_PROJECT_NAME"] !== undefined &&
    request.environment["COMPOSE_PROJECT_NAME"] !== found.envFile.values.get("COMPOSE_PROJECT_NAME")
  const detection = {
    ...detected,
    nameIsGiven: fromShell || model.projectName !== found.project.projectName,
    project: { ...found.project, projectName: model.projectName },
  }
  return planOf(request, await withServedDatabases(detection, tools.databases, states, ctx))
}

function planOf(request: InitRequest, detection: Detection): InitPlan {
  const file = resolve(request.cwd, request.file ?? "holdfast.yaml")
  const text = renderSettings(detection, { vaultPath: request.vaultPath ?? "/var/backups/holdfast" })
  return { file, exists: existsSync(file), detection, text, report: reportOf(detection) }
}

/** A folder without a compose file may be that of a plain program; where nothing of one is found, a compose file was meant. */
async function planPlainInit(request: InitRequest): Promise<InitPlan> {
  const directory = resolve(request.cwd)
  const detection = detectPlain({
    appName: nameOf(request.name ?? basename(directory)),
    directory,
    sqlite: await findSqliteFiles(directory),
    envFile: existsSync(join(directory, ".env")) ? readEnvFile(join(directory, ".env")) : { values: new Map(), duplicates: [] },
  })
  const nothing = detection.databases.length === 0 && detection.files.length === 0
  if (nothing || request.compose !== null || request.recipe !== null) throw noComposeFile(resolve(directory, request.compose ?? "."))
  return planOf(request, detection)
}

/**
 * Writes the plan's file.
 * @throws TARGET_NOT_EMPTY when there is one already and `force` is false
 */
export async function applyInit(plan: InitPlan, options: { force: boolean }): Promise<void> {
  if (existsSync(plan.file) && !options.force)
    throw new HoldfastError("TARGET_NOT_EMPTY", {
      what: `there is a settings file already: ${plan.file}`,
      hint: "Pass --force to replace it, or write to another file with --config.",
    })
  await writeFileDurably(plan.file, plan.text, 0o644)
}

/** Started with `-p NAME`, a project has a name that stands in no file: where none of the expected name exists, the only one of this folder is meant. */
async function asItRuns(project: ComposeProject, containers: ContainerEngine, ctx: RunContext): Promise<ComposeProject> {
  const names = (await containers.projectsIn?.(project.projectDirectory, ctx)) ?? []
  const [only] = names
  return only === undefined || names.length > 1 ? project : { ...project, projectName: only }
}

function findComposeFile(path: string): string | null {
  if (existsSync(path) && !statSync(path).isDirectory()) return path
  return COMPOSE_FILE_NAMES.map((name) => join(path, name)).find((candidate) => existsSync(candidate)) ?? null
}

function noComposeFile(path: string): HoldfastError {
  return new HoldfastError("COMPOSE_INVALID", {
    what: `there is no compose file in ${path}`,
    why: `looked for ${COMPOSE_FILE_NAMES.join(", ")}`,
    hint: "Name it with --compose, or write holdfast.yaml by hand with `run` and `databases`.",
  })
}

function nameOf(projectName: string): string {
  const name = projectName
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 63)
  return name === "" ? "app" : name
}

/** Opens every place that can be seen from here and looks for SQLite databases by their first bytes. */
async function lookAtPlaces(model: ComposeModel, containers: ContainerEngine, ctx: RunContext): Promise<PlaceFacts> {
  const sqlite: Record<string, SqliteSearch | null> = {}
  const singleFiles: string[] = []
  const singleDatabases: string[] = []
  // Of the machine nothing is proposed, and to read all that its kernel shows as files takes for ever.
  const places = mountedPlaces(model).filter(({ place }) => "volume" in place || !isOfMachine(place.path))
  for (const mounted of places) {
    ctx.signal.throwIfAborted()
    const key = placeKey(mounted)
    if ("volume" in mounted.place) {
      const volume = await containers.volumePath(key, ctx)
      sqlite[key] = volume?.visible === true ? await findSqliteFiles(volume.hostPath) : null
    } else if (existsSync(mounted.place.path)) {
      if (statSync(mounted.place.path).isDirectory()) sqlite[key] = await findSqliteFiles(mounted.place.path)
      else (isSqlite(mounted.place.path) ? singleDatabases : singleFiles).push(mounted.place.path)
    } else sqlite[key] = null
  }
  return { sqlite, singleFiles, singleDatabases }
}

function reportOf(detection: Detection): readonly string[] {
  const { project } = detection
  return [
    project.files.length === 0
      ? `app ${detection.appName}: a plain program in ${basename(project.projectDirectory)}/, because there is no compose file`
      : `app ${detection.appName}: compose project ${project.projectName} in ${basename(project.projectDirectory)}/ (${project.files.map((file) => basename(file)).join(", ")})`,
    ...(project.files.length === 0
      ? []
      : detection.recipe === null
        ? ["no recipe fits; what is needed is taken from the compose file"]
        : [`recipe ${detection.recipe}`]),
    ...detection.databases.map(
      (database) =>
        `database ${database.name}: ${database.engine === "postgres" ? `PostgreSQL database ${database.database} of service ${database.service}` : database.engine}; ${database.why}`,
    ),
    ...detection.files.map(
      (files) =>
        `files ${files.name}: ${files.realName ?? ("path" in files.place ? files.place.path : "")}, used by ${files.usedBy.join(", ")}`,
    ),
    ...detection.secrets.map((path) => `secret ${path}`),
    ...(detection.health === null
      ? []
      : [`health: ${detection.health.url ?? detection.health.command?.argv.join(" ") ?? ""} (${detection.health.why})`]),
    ...detection.leftOut.map((item) => `left out: ${item.what} ${item.why}`),
    ...detection.notProtected.map((item) => `NOT PROTECTED: ${item.what} ${item.why}`),
    ...detection.unknown.map((text) => `not known: ${text}`),
    ...detection.notes.map((text) => `note: ${text}`),
  ]
}
