import { chmod, lchown, lstat, mkdir, readdir, rm, statfs } from "node:fs/promises"
import { dirname, join } from "node:path"
import { z } from "zod"
import type { App, PostgresSource } from "../app/app.ts"
import { databaseServices } from "../app/database-services.ts"
import { appFromJson } from "../app/portable.ts"
import { schemaQueries } from "../app/schema-queries.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { counted, formatBytes } from "../base/units.ts"
import type { Journal, StepTable } from "../operation/journal.ts"
import type { Settlement } from "../operation/operation.ts"
import type { OperationRecord } from "../operation/ports.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import type { DatabasePart, FilesPart, ImagePart, ManifestPart, PathsPart } from "../recovery-point/manifest.ts"
import { gateLive } from "./gate-live.ts"
import { restingServices } from "./resting.ts"
import { makeExternal } from "./make-external.ts"
import { refuseOccupiedDatabase, refuseOccupiedEngine } from "./occupied.ts"
import { loadImages, nameImage } from "./images.ts"
import type { RestoreTools } from "./ports.ts"
import { databaseSource } from "./replacement.ts"
import { fetchPaths, placeStaged, requireSameFacts, stageDump, stageTree, type Origin } from "./stage.ts"

/** Nothing of the app exists yet, so a crash leaves a half-built app that was never started; running rebuild again begins anew. */
export const rebuildSteps = {
  "place-paths": { title: "put configuration and secrets in place", crashLeadsTo: "rebuild --over goes on from the beginning" },
  "load-image": { title: "load the point's own images", crashLeadsTo: "loaded images stay" },
  "make-external": {
    title: "make networks and volumes that the project expects to be there",
    crashLeadsTo: "they stay, empty; rebuild --over uses them",
  },
  "place-files": { title: "restore a file tree", crashLeadsTo: "rebuild --over restores it again" },
  "start-databases": { title: "start the database services alone", crashLeadsTo: "they stay up, the app was never started" },
  "place-database": { title: "restore a database", crashLeadsTo: "rebuild --over restores it again" },
  "start-app": { title: "start the whole app", crashLeadsTo: "the app may be up; rebuild --over begins anew" },
  gate: { title: "check that the app is well", crashLeadsTo: "the app is up; its health is not yet known" },
} as const satisfies StepTable

type RebuildSteps = typeof rebuildSteps

export interface RebuildPlan {
  readonly app: App
  readonly point: string
  readonly places: readonly { readonly part: string; readonly target: string; readonly sizeBytes: number }[]
  /** Targets that exist and are not empty; rebuild refuses them unless told to go over them. */
  readonly occupied: readonly string[]
}

export interface RebuildReport {
  readonly operationId: string
  readonly app: string
  readonly point: string
  readonly parts: readonly string[]
  readonly durationMs: number
}

/** What rebuilding from this point would put where, on a host that has nothing but the vault's key. The point itself says everything. */
export async function planRebuild(origin: Origin): Promise<RebuildPlan> {
  const { manifest } = origin.point
  const app = appFromJson(manifest.settings["app"] ?? null)
  const places = manifest.parts.flatMap((part) => placesOf(part))
  const occupied: string[] = []
  for (const place of places) if (await isOccupied(place.target)) occupied.push(place.target)
  return { app, point: manifest.id, places, occupied }
}

function placesOf(part: ManifestPart): RebuildPlan["places"] {
  if (part.kind === "files") return [{ part: part.part, target: part.source, sizeBytes: part.sizeBytes }]
  if (part.kind === "database") {
    const target = part.source["path"] ?? `${part.source["service"] ?? part.source["host"] ?? ""}/${part.source["database"] ?? part.name}`
    return [{ part: part.part, target, sizeBytes: part.sizeBytes }]
  }
  if (part.kind === "image") return [{ part: part.part, target: part.reference, sizeBytes: part.sizeBytes }]
  return part.paths.map((path) => ({ part: part.part, target: path.path, sizeBytes: 0 }))
}

async function isOccupied(target: string): Promise<boolean> {
  if (!target.startsWith("/")) return false
  const status = await lstat(target).catch(() => null)
  if (status === null) return false
  return !status.isDirectory() || (await readdir(target)).length > 0
}

/**
 * Rebuilds an app on an empty host: configuration, secrets, images, files, databases, then everything up and gated (C98–C103). Throws TARGET_NOT_EMPTY
 * for places that hold something (unless `over`), SPACE_MISSING, DATABASE_FACTS_DIFFER, HEALTH_GATE_FAILED.
 */
export async function rebuildApp(
  tools: RestoreTools,
  origin: Origin,
  plan: RebuildPlan,
  options: RebuildOptions,
  command: string,
  base: ContextBase,
): Promise<RebuildReport> {
  if (plan.occupied.length > 0 && !options.over) {
    throw new HoldfastError("TARGET_NOT_EMPTY", {
      what: `${placesAre(plan.occupied.length)} not empty: ${plan.occupied.slice(0, 5).join(", ")}`,
    })
  }
  const recorded = { point: plan.point, app: origin.point.manifest.settings["app"] ?? null }
  const request = { kind: "rebuild" as const, app: plan.app.name, steps: rebuildSteps, plan: recorded, command }
  const end = await runOperation(tools, request, base, async (journal, ctx) => {
    const startedMs = ctx.clock.monotonicMs()
    if (!options.over) await refuseOccupiedEngine(tools, plan.app, origin.point.manifest.parts, ctx)
    await rebuild(tools, origin, plan.app, options, journal, ctx)
    const report: RebuildReport = {
      operationId: ctx.operationId,
      app: plan.app.name,
      point: plan.point,
      parts: origin.point.manifest.parts.map((part) => part.part),
      durationMs: Math.round(ctx.clock.monotonicMs() - startedMs),
    }
    return { outcome: "succeeded", result: report, record: { point: plan.point, durationMs: report.durationMs } }
  })
  return end.result
}

function placesAre(count: number): string {
  return counted(count, "place is", "places are")
}

interface RebuildOptions {
  readonly over: boolean
}

async function rebuild(
  tools: RestoreTools,
  origin: Origin,
  app: App,
  options: RebuildOptions,
  journal: Journal<RebuildSteps>,
  ctx: RunContext,
): Promise<void> {
  const { parts } = origin.point.manifest
  const scratch = join(tools.scratchDirectory, ctx.operationId)
  try {
    for (const part of parts) {
      if (part.kind !== "secrets" && part.kind !== "configuration") continue
      await journal.step("place-paths", { kind: part.kind }, async () => await placePaths(origin, part, scratch, ctx))
    }
    const images = parts.filter((part) => part.kind === "image")
    if (images.length > 0) await journal.step("load-image", {}, async () => await placeImages(tools, origin, images, ctx))
    const { compose } = app
    if (compose !== null) await journal.step("make-external", {}, async () => await makeExternal(tools.containers, compose, ctx))
    for (const part of parts) {
      if (part.kind === "files")
        await journal.step("place-files", { files: part.name }, async () => await placeFiles(tools, origin, app, part, ctx))
    }
    await placeDatabases(tools, origin, app, options, journal, ctx)
    await journal.step("start-app", {}, async () => await startWhole(tools, app, ctx))
    await journal.step("gate", {}, async () => await gateLive(tools, app, restingServices(origin), ctx))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function placeImages(tools: RestoreTools, origin: Origin, parts: readonly ImagePart[], ctx: RunContext): Promise<void> {
  await loadImages(tools, origin, parts, ctx)
  for (const { reference, imageId } of parts) await nameImage(tools, { reference, from: null, to: imageId }, "to", ctx)
}

async function placePaths(origin: Origin, part: PathsPart, scratch: string, ctx: RunContext): Promise<void> {
  const fetched = await fetchPaths(origin, part, scratch, ctx)
  for (const { path, stored, root } of part.paths) {
    await mkdir(dirname(path), { recursive: true })
    await placeStaged(join(fetched, stored), path)
    await lchown(path, root.uid, root.gid)
    await chmod(path, root.mode)
  }
}

async function placeFiles(tools: RestoreTools, origin: Origin, app: App, part: FilesPart, ctx: RunContext): Promise<void> {
  const target = await filesTarget(tools, app, part, ctx)
  await mkdir(dirname(target), { recursive: true })
  const space = await statfs(dirname(target))
  if (space.bavail * space.bsize < part.sizeBytes) {
    throw new HoldfastError("SPACE_MISSING", {
      what: `${dirname(target)} has ${formatBytes(space.bavail * space.bsize)} free, ${formatBytes(part.sizeBytes)} are needed`,
    })
  }
  await stageTree(origin, part, target, ctx)
}

/** A volume is made anew under its real name, with compose's own labels, so that compose takes it for its own. */
async function filesTarget(tools: RestoreTools, app: App, part: FilesPart, ctx: RunContext): Promise<string> {
  const source = app.files.find((candidate) => candidate.name === part.name)
  if (source === undefined || !("volume" in source.place) || app.compose === null) return part.source
  return await volumeDirectory(tools, app, source.place.volume, ctx)
}

async function volumeDirectory(tools: RestoreTools, app: App, declared: string, ctx: RunContext): Promise<string> {
  if (app.compose === null)
    throw new HoldfastError("VOLUME_MISSING", { what: `${declared} is a volume, but ${app.name} is no compose project` })
  const model = await tools.containers.compose(app.compose, ctx)
  const name = model.volumes[declared]?.name
  if (name === undefined) throw new HoldfastError("VOLUME_MISSING", { what: `the compose file declares no volume ${declared}` })
  if ((await tools.containers.volumePath(name, ctx)) === null) {
    const labels = { "com.docker.compose.project": model.projectName, "com.docker.compose.volume": declared }
    await tools.containers.createVolume(name, labels, ctx)
  }
  const volume = await tools.containers.volumePath(name, ctx)
  if (volume === null || !volume.visible)
    throw new HoldfastError("VOLUME_NOT_VISIBLE", { what: `the volume ${name} cannot be written from here` })
  return volume.hostPath
}

async function placeDatabases(
  tools: RestoreTools,
  origin: Origin,
  app: App,
  options: RebuildOptions,
  journal: Journal<RebuildSteps>,
  ctx: RunContext,
): Promise<void> {
  const services = databaseServices(app)
  const { compose } = app
  if (compose !== null && services.length > 0) {
    await journal.step("start-databases", { services }, async () => await tools.containers.up(compose, services, { noDeps: true }, ctx))
  }
  for (const part of origin.point.manifest.parts) {
    if (part.kind !== "database") continue
    await journal.step("place-database", { database: part.name }, async () => await placeDatabase(tools, origin, app, options, part, ctx))
  }
}

async function placeDatabase(
  tools: RestoreTools,
  origin: Origin,
  app: App,
  options: RebuildOptions,
  part: DatabasePart,
  ctx: RunContext,
): Promise<void> {
  const source = await locatedSource(tools, app, part, ctx)
  const engine = tools.databases.for(source)
  // Names are planned beside the live file, in a directory that an empty host does not have yet.
  if (source.engine === "sqlite") await mkdir(dirname(source.place.path), { recursive: true })
  const names = engine.planNames(source, ctx.operationId)
  if (source.engine === "postgres") await untilReachable(tools, source, ctx)
  if (!options.over) await refuseOccupiedDatabase(tools, app, source, ctx)
  const target = { source, name: names.staged, schema: schemaQueries(app, source) }
  requireSameFacts(part, (await stageDump(tools.databases, origin, part, target, ctx)).facts)
  await engine.swapIn(source, names, ctx)
  await engine.drop(source, names.kept, ctx)
}

async function locatedSource(tools: RestoreTools, app: App, part: Pick<DatabasePart, "name">, ctx: RunContext) {
  const source = databaseSource(app, part.name)
  if (source.engine !== "sqlite" || !("volume" in source.place)) return source
  return { ...source, place: { path: join(await volumeDirectory(tools, app, source.place.volume, ctx), source.place.path) } }
}

const REACHABLE_WITHIN_MS = 120_000
const POLL_MS = 1000

/** A database container that was just made initialises itself first. */
async function untilReachable(tools: RestoreTools, source: PostgresSource, ctx: RunContext): Promise<void> {
  const deadlineMs = ctx.clock.monotonicMs() + REACHABLE_WITHIN_MS
  for (;;) {
    try {
      await tools.databases.for(source).inspect(source, ctx)
      return
    } catch (thrown) {
      const waitable =
        thrown instanceof HoldfastError &&
        (thrown.retryable || thrown.code === "DATABASE_MISSING" || thrown.code === "DATABASE_AUTH_FAILED")
      if (!waitable || ctx.clock.monotonicMs() > deadlineMs) throw thrown
    }
    await ctx.clock.sleep(POLL_MS, ctx.signal)
  }
}

async function startWhole(tools: RestoreTools, app: App, ctx: RunContext): Promise<void> {
  if (app.compose !== null) return await tools.containers.up(app.compose, null, { noDeps: false }, ctx)
  if (app.run === null) return
  const result = await tools.commands.run(app.run.start, {}, ctx)
  if (result.exitCode !== 0)
    throw new HoldfastError("HOOK_FAILED", { what: `run.start ended with exit code ${result.exitCode}`, why: result.stderrTail })
}

/**
 * An interrupted rebuild leaves an app that was not there before; running it again with --over begins anew. What was only staged is removed.
 * It works without settings, which a new host does not have yet, and a database that cannot be asked is named, not waited for.
 */
export async function settleRebuild(tools: RestoreTools, operation: OperationRecord, ctx: RunContext): Promise<Settlement> {
  await rm(join(tools.scratchDirectory, operation.id), { recursive: true, force: true })
  const left: string[] = []
  const begun = operation.steps.flatMap((step) => (step.name === "place-database" ? [databaseDetails.parse(step.details).database] : []))
  for (const name of new Set(begun)) {
    try {
      await removeStaged(tools, appFromJson(rebuildPlan.parse(operation.plan).app), name, operation.id, ctx)
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError)) throw thrown
      left.push(`; what was staged of database:${name} may be left (${thrown.message})`)
    }
  }
  return { outcome: "failed", message: `interrupted; run \`holdfast rebuild\` again with --over${left.join("")}` }
}

const rebuildPlan = z.object({ app: z.json() })
const databaseDetails = z.object({ database: z.string() })

async function removeStaged(tools: RestoreTools, app: App, name: string, operationId: string, ctx: RunContext): Promise<void> {
  const source = await locatedSource(tools, app, { name }, ctx)
  const engine = tools.databases.for(source)
  const names = engine.planNames(source, operationId)
  await engine.endSessions(source, operationId, ctx)
  const now = await engine.observe(source, names, ctx)
  // Set aside but not replaced yet: it is the only one there is.
  if (now.kept && !now.live) await engine.swapBack(source, names, ctx)
  await engine.drop(source, names.staged, ctx)
  if (now.kept && now.live) await engine.drop(source, names.kept, ctx)
}
