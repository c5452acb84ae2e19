/** The update on a copy of the real data, out of everybody's reach: does this release start and stay well here, and how long does that take (design §10). */
import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import type { App, UpdateRules } from "../app/app.ts"
import { gate } from "../app/gate.ts"
import { HoldfastError, isHoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { AppUnderCare } from "../backup/backup.ts"
import { databasePart } from "../drill/database-part.ts"
import { fetchParts, type Fetched } from "../drill/fetch.ts"
import { withPointSandbox, type PointSandbox } from "../drill/point-sandbox.ts"
import type { Journal } from "../operation/journal.ts"
import type { InstallableRelease, ReleaseCommand } from "../release/installable.ts"
import { restingServices } from "../restore/resting.ts"
import { requireSameFacts, type Origin } from "../restore/stage.ts"
import type { UpdateTools } from "./ports.ts"
import { pinnedReference, pullReleaseImages } from "./pull-images.ts"
import { quietEnvironment } from "./quiet-environment.ts"
import { lastWords, whyNotWell } from "./rehearsal-words.ts"
import type { RehearsalSteps } from "./rehearse-steps.ts"
import { schemaChange, unchangedSchema } from "./schema-change.ts"
import { observeSchemas, type ObservedDatabase } from "./schema-facts.ts"
import { expectedVersion, hardLimitMs, updateGateOptions } from "./update-gate.ts"
import { updateRules } from "./find-tools.ts"
import type { Rehearsal, SchemaChange } from "./update-plan.ts"

/**
 * Restores the point into a sandbox, runs the pre-flight and migrate commands of the new images there, starts the rest and gates it. A
 * release that does not do well is a value; its containers are gone. Nothing of it reaches beyond the sandbox's own network.
 * Throws SANDBOX_REFUSED for an app that cannot be copied, IMAGE_MISSING and what the registry says, DATABASE_FACTS_DIFFER and FILES_DIFFER
 * for a point that does not come back as it was: none of these is the release's fault.
 * @param journal null: the caller has journaled the rehearsal as one step of its own
 */
export async function rehearse(
  tools: UpdateTools,
  subject: AppUnderCare,
  origin: Origin,
  release: InstallableRelease,
  journal: Journal<RehearsalSteps> | null,
  ctx: RunContext,
): Promise<Rehearsal> {
  const { id } = origin.point.manifest
  const details = { point: id, version: release.version }
  const step = async <T>(name: keyof RehearsalSteps & string, action: () => Promise<T>): Promise<T> =>
    journal === null ? await action() : await journal.step(name, details, action)
  await step("pull-images", async () => await pullReleaseImages(tools, release, ctx))
  const directory = join(tools.scratchDirectory, ctx.operationId, "rehearsal")
  await mkdir(directory, { recursive: true, mode: 0o700 })
  try {
    const fetched = await step("fetch-files", async () => await fetchWhole(origin, directory, ctx))
    const found = await step(
      "rehearse-update",
      async () => await inSandbox(tools, subject.declared, origin, release, fetched, directory, ctx),
    )
    return { operationId: ctx.operationId, point: id, version: release.version, ...found, at: ctx.clock.now().toISOString() }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function fetchWhole(origin: Origin, directory: string, ctx: RunContext): Promise<Fetched> {
  const fetched = await fetchParts(origin, directory, ctx)
  const broken = fetched.assertions.find((assertion) => !assertion.passed)
  if (broken === undefined) return fetched
  throw new HoldfastError("FILES_DIFFER", { what: `${broken.name} of ${origin.point.manifest.id} came back different`, why: broken.detail })
}

type Found = Omit<Rehearsal, "operationId" | "point" | "version" | "at">

interface Stage {
  readonly tools: UpdateTools
  readonly app: App
  readonly rules: UpdateRules
  readonly origin: Origin
  readonly release: InstallableRelease
  readonly laidOut: PointSandbox
}

async function inSandbox(
  tools: UpdateTools,
  app: App,
  origin: Origin,
  release: InstallableRelease,
  fetched: Fetched,
  directory: string,
  ctx: RunContext,
): Promise<Found> {
  const images = Object.fromEntries(Object.entries(release.images).map(([service, image]) => [service, pinnedReference(image)]))
  const changes = { images, environment: quietEnvironment(app), startApp: false }
  const rules = updateRules(app)
  return await withPointSandbox(
    tools,
    app,
    origin,
    fetched,
    directory,
    changes,
    async (laidOut, sandboxCtx) => {
      const stage = { tools, app, rules, origin, release, laidOut }
      const before = await observeSchemas(tools.databases, app, laidOut.databases, sandboxCtx)
      for (const [name, { facts }] of Object.entries(before)) requireSameFacts(databasePart(origin, name), facts)
      const played = await play(stage, sandboxCtx)
      return { ...played, schema: await changeSince(stage, before, played.passed, sandboxCtx) }
    },
    ctx,
  )
}

type Played = Omit<Found, "schema">

async function play(stage: Stage, ctx: RunContext): Promise<Played> {
  const { release } = stage
  const unknown = { preFlightMs: null, migrateMs: null, startMs: 0 }
  const preFlight = await runCommand(stage, "pre-flight", release.preFlight, ctx)
  if (preFlight.why !== null) return { ...unknown, passed: false, why: preFlight.why, preFlightMs: preFlight.ms }
  const migrate = await runCommand(stage, "migrate", release.migrate, ctx)
  const commands = { preFlightMs: preFlight.ms, migrateMs: migrate.ms }
  if (migrate.why !== null) return { ...commands, passed: false, why: migrate.why, startMs: 0 }
  return { ...commands, ...(await startAndGate(stage, ctx)) }
}

interface CommandEnd {
  readonly ms: number | null
  /** Null when it ended with 0. */
  readonly why: string | null
}

async function runCommand(stage: Stage, what: string, command: ReleaseCommand | null, ctx: RunContext): Promise<CommandEnd> {
  if (command === null) return { ms: null, why: null }
  const { sandbox } = stage.laidOut
  if (sandbox.run === undefined) throw new HoldfastError("SANDBOX_REFUSED", { what: "commands of a release cannot be run in this sandbox" })
  const startedMs = ctx.clock.monotonicMs()
  const elapsed = (): number => Math.round(ctx.clock.monotonicMs() - startedMs)
  ctx.progress.note(`rehearsal: ${what} of ${stage.release.version}`)
  try {
    const ended = await sandbox.run(command.service, command.argv, { timeoutMs: hardLimitMs(stage.rules) }, ctx)
    if (ended.exitCode === 0) return { ms: elapsed(), why: null }
    const words = lastWords(`${ended.stdout}\n${ended.stderrTail}`)
    return { ms: elapsed(), why: `${what} (${command.argv.join(" ")}) ended with exit code ${ended.exitCode}${words}` }
  } catch (thrown) {
    const failure = failureOf(thrown, ctx)
    return { ms: elapsed(), why: `${what} (${command.argv.join(" ")}): ${failure.message}${lastWords(failure.why ?? "")}` }
  }
}

/** What the sandbox's containers did is an answer; anything else went wrong around them and is thrown. */
function failureOf(thrown: unknown, ctx: RunContext): HoldfastError {
  ctx.signal.throwIfAborted()
  if (isHoldfastError(thrown, "CONTAINER_FAILED") || isHoldfastError(thrown, "TOOL_TIMEOUT")) return thrown
  throw thrown
}

async function startAndGate(stage: Stage, ctx: RunContext): Promise<Pick<Played, "passed" | "why" | "startMs">> {
  const { tools, app, rules, release, origin, laidOut } = stage
  const begun = { ms: ctx.clock.monotonicMs(), at: ctx.clock.now().getTime() }
  const elapsed = (): number => Math.round(ctx.clock.monotonicMs() - begun.ms)
  try {
    await laidOut.sandbox.startRest?.(ctx)
  } catch (thrown) {
    const failure = failureOf(thrown, ctx)
    const why = await whyNotWell(tools, laidOut, release, [], failure, ctx)
    return { passed: false, why, startMs: elapsed() }
  }
  const resting = [...restingServices(origin), ...bystanders(app, release, laidOut)]
  const options = updateGateOptions(rules, expectedVersion(rules, release), resting)
  const report = await gate(app, tools, { kind: "sandbox", ...laidOut }, ctx, options)
  const startMs = report.firstGoodAt === null ? elapsed() : Math.max(0, report.firstGoodAt.getTime() - begun.at)
  return { passed: report.passed, why: report.passed ? null : await whyNotWell(tools, laidOut, release, report.checks, null, ctx), startMs }
}

/**
 * Services that the release does not move and that hold no database: a tunnel, say, cannot live without the network that the sandbox does
 * not have, and says nothing about the release. On the live app the gate judges them all.
 */
function bystanders(app: App, release: InstallableRelease, { model }: PointSandbox): readonly string[] {
  const databases = new Set(
    app.databases.flatMap((source) => (source.engine === "postgres" && source.service !== null ? [source.service] : [])),
  )
  return model.services.map(({ name }) => name).filter((name) => release.images[name] === undefined && !databases.has(name))
}

/** A database that a failed start left unreadable is not looked at; one that cannot be read after a good start is an error. */
async function changeSince(
  stage: Stage,
  before: Readonly<Record<string, ObservedDatabase>>,
  passed: boolean,
  ctx: RunContext,
): Promise<SchemaChange> {
  const { tools, app, laidOut } = stage
  try {
    const after = await observeSchemas(tools.databases, app, laidOut.databases, ctx)
    return schemaChange(before, after, app.recipe?.volatileTables)
  } catch (thrown) {
    ctx.signal.throwIfAborted()
    if (passed || !isHoldfastError(thrown)) throw thrown
    return unchangedSchema
  }
}
