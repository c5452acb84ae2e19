/** The whole app of a point in a sandbox: its configuration, files and databases laid out, with its own images or with others (design §6). */
import { mkdir } from "node:fs/promises"
import { basename, join, relative } from "node:path"
import type { App, ComposeProject, DatabaseSource, PostgresSource } from "../app/app.ts"
import type { ComposeModel, Sandbox, SandboxRequest } from "../app/ports.ts"
import { databaseServices } from "../app/database-services.ts"
import { readEnvFile } from "../app/env-file.ts"
import { isInside } from "../app/tree/inside.ts"
import { schemaQueries } from "../app/schema-queries.ts"
import { servicesOfUpdater } from "../app/updater-services.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { Secret } from "../base/secret.ts"
import { loadImages } from "../restore/images.ts"
import { stageDump, type Origin } from "../restore/stage.ts"
import { databasePart } from "./database-part.ts"
import type { Fetched } from "./fetch.ts"
import type { DrillTools } from "./ports.ts"
import { placeFiles } from "./sandbox-places.ts"

/** What is other than in the point. */
export interface SandboxChanges {
  /** Service → image that it runs instead of the point's own; services that are not part of the sandbox are passed over. */
  readonly images?: Readonly<Record<string, string>>
  /** Service → variables instead of the app's own. */
  readonly environment?: NonNullable<SandboxRequest["environment"]>
  /** False: databases are started and filled, and `use` starts the rest. */
  readonly startApp?: boolean
}

export interface PointSandbox {
  readonly sandbox: Sandbox
  /** Where each database of the app is in the sandbox, by its name. */
  readonly databases: Readonly<Record<string, DatabaseSource>>
  readonly model: ComposeModel
}

/**
 * Lays the point's app out in a sandbox without network and gives it to `use`; it is torn down whatever happens. Databases are filled before
 * anything else starts. Throws SANDBOX_REFUSED when the app needs what a sandbox must not have.
 * @param app as its settings declare it, places not located
 */
export async function withPointSandbox<T>(
  tools: DrillTools,
  app: App,
  origin: Origin,
  fetched: Fetched,
  directory: string,
  changes: SandboxChanges,
  use: (laidOut: PointSandbox, ctx: RunContext) => Promise<T>,
  ctx: RunContext,
): Promise<T> {
  const project = copiedProject(app, directory)
  await loadImages(tools, origin, ownImages(origin, changes), ctx)
  const model = await tools.containers.compose(project, ctx)
  const places = await placeFiles(tools, app, origin, fetched, { project, model, directory }, ctx)
  const request: SandboxRequest = {
    document: model.document,
    projectDirectory: project.projectDirectory,
    images: { ...pointImages(origin), ...usableImages(origin, model, changes.images ?? {}) },
    leftOut: [...servicesOfUpdater(app, model.services), ...(app.copiesWithout ?? [])],
    variables: variablesIn(project),
    volumeDirectories: places.volumeDirectories,
    bindReplacements: places.bindReplacements,
    databaseServices: databaseServices(app),
    directory: join(directory, "sandbox"),
    fillDatabases: async (sandbox, sandboxCtx) => await fillDatabases(tools, app, origin, { sandbox, model }, sandboxCtx),
    ...(changes.environment === undefined ? {} : { environment: changes.environment }),
    ...(changes.startApp === undefined ? {} : { startApp: changes.startApp }),
  }
  await mkdir(request.directory, { recursive: true, mode: 0o700 })
  return await tools.containers.sandbox(
    request,
    async (sandbox, sandboxCtx) =>
      await use({ sandbox, databases: { ...sandboxSources(app, sandbox), ...places.sqlite }, model }, sandboxCtx),
    ctx,
  )
}

/** Saved images that nothing of the sandbox would run are not read out of the vault. */
function ownImages(origin: Origin, changes: SandboxChanges) {
  const others = new Set(Object.keys(changes.images ?? {}))
  const { parts, services } = origin.point.manifest
  const wanted = new Set(services.filter(({ service }) => !others.has(service)).map(({ imageId }) => imageId))
  const images = parts.filter((part) => part.kind === "image")
  return others.size === 0 ? images : images.filter(({ imageId }) => wanted.has(imageId))
}

function pointImages(origin: Origin): Readonly<Record<string, string>> {
  return Object.fromEntries(origin.point.manifest.services.map((service) => [service.service, service.imageId]))
}

/** An image makes the service of a profile part of the sandbox: only one that had a container when the point was made. */
function usableImages(origin: Origin, model: ComposeModel, images: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const had = new Set(origin.point.manifest.services.map(({ service }) => service))
  const always = new Set(model.services.filter(({ profiles }) => profiles.length === 0).map(({ name }) => name))
  return Object.fromEntries(Object.entries(images).filter(([service]) => had.has(service) || always.has(service)))
}

function sandboxSources(app: App, sandbox: Sandbox): Readonly<Record<string, DatabaseSource>> {
  return Object.fromEntries(postgresSources(app).map((source) => [source.name, inSandbox(source, sandbox)]))
}

function inSandbox(source: PostgresSource, sandbox: Sandbox): PostgresSource {
  return { ...source, projectName: sandbox.projectName, host: null, port: null, access: "exec" }
}

/** Those that compose would read for the project, from the point's `.env`. */
function variablesIn({ projectDirectory }: ComposeProject): Readonly<Record<string, Secret>> {
  const { values } = readEnvFile(join(projectDirectory, ".env"), () => undefined)
  return Object.fromEntries([...values].map(([name, value]) => [name, new Secret(value)]))
}

/** The compose project as the point recorded it, resolved from its copy in the sandbox directory. */
function copiedProject(app: App, directory: string): ComposeProject {
  if (app.compose === null)
    throw new HoldfastError("SANDBOX_REFUSED", { what: `${app.name} is not a compose project, so there is nothing to boot` })
  const { projectDirectory } = app.compose
  const copied = (path: string): string => {
    const inside = relative(projectDirectory, path)
    return join(directory, "project", isInside(projectDirectory, path) ? inside : basename(path))
  }
  return { ...app.compose, files: app.compose.files.map(copied), projectDirectory: join(directory, "project") }
}

function postgresSources(app: App): readonly PostgresSource[] {
  return app.databases.filter((source): source is PostgresSource => source.engine === "postgres")
}

async function fillDatabases(
  tools: DrillTools,
  app: App,
  origin: Origin,
  { sandbox, model }: Pick<PointSandbox, "sandbox" | "model">,
  ctx: RunContext,
): Promise<void> {
  for (const source of postgresSources(app)) {
    if (source.service === null) continue
    const part = databasePart(origin, source.name)
    const target = asFirstUser(inSandbox(source, sandbox), model)
    const engine = tools.databases.for(target)
    const names = engine.planNames(target, ctx.operationId)
    await stageDump(tools.databases, origin, part, { source: target, name: names.staged, schema: schemaQueries(app, source) }, ctx)
    await engine.swapIn(target, names, ctx)
    await engine.drop(target, names.kept, ctx)
    if (target.user !== source.user) await engine.allowLogin?.(target, source.user, source.password, ctx)
  }
}

/** In a new server there is nobody but the user that its image makes; the app's own role may be another, which somebody made by hand. */
function asFirstUser(source: PostgresSource, model: ComposeModel): PostgresSource {
  const environment = model.services.find(({ name }) => name === source.service)?.environment
  const user = environment?.["POSTGRES_USER"]?.reveal() ?? "postgres"
  return user === source.user ? source : { ...source, user, password: null }
}
