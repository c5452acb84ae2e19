import { mkdir } from "node:fs/promises"
import { basename, join, relative } from "node:path"
import type { App, ComposeProject, DatabaseSource, PostgresSource, SqliteSource } from "../app/app.ts"
import { gate, type GateReport } from "../app/gate.ts"
import type { ComposeModel, Sandbox } from "../app/ports.ts"
import { isInside } from "../app/tree/inside.ts"
import { schemaQueries } from "../app/schema-queries.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { DatabasePart } from "../recovery-point/manifest.ts"
import { loadImages } from "../restore/images.ts"
import { restingServices } from "../restore/resting.ts"
import { stageDump, type Origin } from "../restore/stage.ts"
import type { Fetched } from "./fetch.ts"
import type { DrillTools } from "./ports.ts"
import type { Assertion } from "./report.ts"

export interface Boot {
  readonly assertions: readonly Assertion[]
  readonly warnings: readonly string[]
  readonly recoveryTimeMs: number
}

/**
 * Starts the whole app from the point in a sandbox without network, with the point's own images: databases first, filled before anything
 * else starts, then the rest, then the gate. Throws SANDBOX_REFUSED when the app needs what a sandbox must not have.
 */
export async function bootApp(
  tools: DrillTools,
  app: App,
  origin: Origin,
  fetched: Fetched,
  directory: string,
  ctx: RunContext,
): Promise<Boot> {
  const project = copiedProject(app, directory)
  const images = origin.point.manifest.parts.filter((part) => part.kind === "image")
  const startedMs = ctx.clock.monotonicMs()
  await loadImages(tools, origin, images, ctx)
  const model = await tools.containers.compose(project, ctx)
  const volumeDirectories = await fillVolumes(tools, app, origin, fetched, model, directory, ctx)
  const request = {
    document: model.document,
    projectDirectory: project.projectDirectory,
    images: Object.fromEntries(origin.point.manifest.services.map((service) => [service.service, service.imageId])),
    volumeDirectories,
    bindReplacements: bindReplacements(app, fetched, project),
    databaseServices: postgresSources(app).flatMap((source) => (source.service === null ? [] : [source.service])),
    directory: join(directory, "sandbox"),
    fillDatabases: async (sandbox: Sandbox, sandboxCtx: RunContext) => await fillDatabases(tools, app, origin, sandbox, sandboxCtx),
  }
  await mkdir(request.directory, { recursive: true, mode: 0o700 })
  return await tools.containers.sandbox(
    request,
    async (sandbox, sandboxCtx) => {
      const target = { kind: "sandbox" as const, sandbox, databases: sandboxSources(app, sandbox), model }
      const report = await gate(app, tools, target, sandboxCtx, { ignoreServices: restingServices(origin) })
      const recoveryTimeMs = ctx.clock.monotonicMs() - startedMs
      return { assertions: gateAssertions(report), warnings: gateWarnings(report), recoveryTimeMs }
    },
    ctx,
  )
}

function gateAssertions(report: GateReport): readonly Assertion[] {
  const asked = report.checks.filter((check) => check.outcome !== "skipped")
  const checks = asked.map((check) => ({ name: `booted: ${check.name}`, passed: check.outcome === "passed", detail: check.why }))
  return [
    ...checks,
    { name: "booted: gate", passed: report.passed, detail: `${report.probes} probes in ${Math.round(report.durationMs)} ms` },
  ]
}

function gateWarnings(report: GateReport): readonly string[] {
  return report.checks
    .filter((check) => check.outcome === "skipped")
    .map((check) => `${check.name} was not asked in the sandbox: ${check.why}`)
}

function sandboxSources(app: App, sandbox: Sandbox): Readonly<Record<string, DatabaseSource>> {
  return Object.fromEntries(postgresSources(app).map((source) => [source.name, inSandbox(source, sandbox)]))
}

function inSandbox(source: PostgresSource, sandbox: Sandbox): PostgresSource {
  return { ...source, projectName: sandbox.projectName, host: null, port: null, access: "exec" }
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

/** Trees go where their volume is mounted; SQLite files lie inside them before anything starts. */
async function fillVolumes(
  tools: DrillTools,
  app: App,
  origin: Origin,
  fetched: Fetched,
  model: ComposeModel,
  directory: string,
  ctx: RunContext,
): Promise<Readonly<Record<string, string>>> {
  const directories: Record<string, string> = {}
  for (const source of app.files) {
    const real = "volume" in source.place ? model.volumes[source.place.volume]?.name : undefined
    const tree = fetched.trees[source.name]
    if (real !== undefined && tree !== undefined) directories[real] = tree
  }
  for (const source of app.databases) {
    if (source.engine !== "sqlite" || !("volume" in source.place)) continue
    const real = model.volumes[source.place.volume]?.name
    if (real === undefined) continue
    directories[real] ??= join(directory, "volume", source.name)
    await placeSqlite(tools, app, origin, source, join(directories[real], source.place.path), ctx)
  }
  return directories
}

async function placeSqlite(
  tools: DrillTools,
  app: App,
  origin: Origin,
  source: SqliteSource,
  path: string,
  ctx: RunContext,
): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true })
  const part = databasePart(origin, source.name)
  const target: SqliteSource = { ...source, place: { path } }
  const engine = tools.databases.for(target)
  const names = engine.planNames(target, ctx.operationId)
  await stageDump(tools.databases, origin, part, { source: target, name: names.staged, schema: schemaQueries(app, source) }, ctx)
  await engine.swapIn(target, names, ctx)
}

async function fillDatabases(tools: DrillTools, app: App, origin: Origin, sandbox: Sandbox, ctx: RunContext): Promise<void> {
  for (const source of postgresSources(app)) {
    if (source.service === null) continue
    const part = databasePart(origin, source.name)
    const target = inSandbox(source, sandbox)
    const engine = tools.databases.for(target)
    const names = engine.planNames(target, ctx.operationId)
    await stageDump(tools.databases, origin, part, { source: target, name: names.staged, schema: schemaQueries(app, source) }, ctx)
    await engine.swapIn(target, names, ctx)
    await engine.drop(target, names.kept, ctx)
  }
}

function databasePart(origin: Origin, name: string): DatabasePart {
  for (const part of origin.point.manifest.parts) if (part.kind === "database" && part.name === name) return part
  throw new HoldfastError("PART_UNKNOWN", { what: `${origin.point.manifest.id} has no database ${name}` })
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
