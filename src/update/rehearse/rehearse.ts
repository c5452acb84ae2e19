/** The update on a copy of the real data, out of everybody's reach: does this release start and stay well here, and how long does that take (design §10). */
import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import type { App } from "../../app/app.ts"
import { HoldfastError, isHoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { AppUnderCare } from "../../backup/backup.ts"
import { assertDatabase } from "../../drill/assert-database.ts"
import { databasePart } from "../../drill/database-part.ts"
import { fetchParts, type Fetched } from "../../drill/fetch.ts"
import { withPointSandbox } from "../../drill/point-sandbox.ts"
import { passed, type Assertion } from "../../drill/report.ts"
import type { Journal } from "../../operation/journal.ts"
import type { ProofRecord } from "../../operation/ports.ts"
import { recordProof } from "../../recovery-point/recovery-point.ts"
import type { InstallableRelease } from "../../release/installable.ts"
import { requireSameFacts, type Origin } from "../../restore/stage.ts"
import { buildRelease, type ChangedEnvironment } from "../place/build-release.ts"
import { updateRules } from "../find/find-tools.ts"
import { refuseOtherMajor } from "../place/major-database.ts"
import { rehearseBeside } from "./plain-rehearse.ts"
import type { UpdateTools } from "../ports.ts"
import { placingOf } from "../place/placing-of.ts"
import { pinnedReference } from "../place/pull-images.ts"
import { quietEnvironment } from "./quiet-environment.ts"
import { withoutSandbox } from "./without-sandbox.ts"
import { play, type Stage } from "./rehearsal-play.ts"
import type { RehearsalSteps } from "./rehearse-steps.ts"
import { schemaChange, unchangedSchema } from "./schema-change.ts"
import { observeSchemas, type ObservedDatabase } from "./schema-facts.ts"
import { timeClones } from "./time-clones.ts"
import { timeStop } from "./time-stop.ts"
import type { Rehearsal, SchemaChange } from "../update-plan.ts"

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
  const step = async <T>(name: keyof RehearsalSteps, action: () => Promise<T>): Promise<T> =>
    journal === null ? await action() : await journal.step(name, details, action)
  const place: Place = { tools, app: subject.declared, origin, release }
  const environment = await step("pull-images", async () => await haveVersion(tools, subject.app, release, ctx))
  // A new server on a new volume would do well here, and on the live one's data directory it would not start.
  await refuseOtherMajor(tools, subject.app, release, ctx)
  const directory = join(tools.scratchDirectory, ctx.operationId, "rehearsal")
  await mkdir(directory, { recursive: true, mode: 0o700 })
  try {
    const fetched = await step("fetch-files", async () => await fetchWhole(origin, directory, ctx))
    const playing = async () =>
      await rehearseIn(place, fetched, environment, directory, ctx).catch((thrown: unknown) => withoutSandbox(place.app.name, thrown))
    const { proven, ...found } = await step("rehearse-update", playing)
    if (proven !== null)
      await step("record-proof", async () => await recordProof(origin.vault, tools.store, proofOf(place, proven, ctx), ctx))
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

type Place = Omit<Stage, "rules" | "laidOut">

interface Found extends Omit<Rehearsal, "operationId" | "point" | "version" | "at"> {
  /** The point came back whole, with its keys: that is a proof, whatever becomes of the release. Null where a key did not fit. */
  readonly proven: { readonly durationMs: number; readonly assertions: readonly Assertion[] } | null
}

/** A plain program has no images to start in a sandbox: its commands alone run on a copy of the data. */
async function rehearseIn(
  place: Place,
  fetched: Fetched,
  environment: ChangedEnvironment,
  directory: string,
  ctx: RunContext,
): Promise<Found> {
  if (place.app.compose === null) return await rehearseBeside(place, fetched, directory, ctx)
  return await inSandbox(place, fetched, environment, directory, ctx)
}

/** Built or pulled. Returns what of the services' environment a commit changes with them. */
async function haveVersion(tools: UpdateTools, app: App, release: InstallableRelease, ctx: RunContext): Promise<ChangedEnvironment> {
  if (release.built !== undefined) return await buildRelease(tools, app, release, ctx)
  await placingOf(tools, app).bring(release, ctx)
  return {}
}

async function inSandbox(
  place: Place,
  fetched: Fetched,
  environment: ChangedEnvironment,
  directory: string,
  ctx: RunContext,
): Promise<Found> {
  const { tools, app, origin, release } = place
  const startedMs = ctx.clock.monotonicMs()
  const images = Object.fromEntries(Object.entries(release.images).map(([service, image]) => [service, pinnedReference(image)]))
  const left = Object.keys(images).find((service) => app.copiesWithout?.includes(service) === true)
  if (left !== undefined)
    throw new HoldfastError("SANDBOX_REFUSED", {
      what: `${release.version} moves service ${left}, which copies of ${app.name} do without (\`sandbox.without\`)`,
    })
  const changes = { images, environment: together(environment, quietEnvironment(app)), startApp: false }
  return await withPointSandbox(
    tools,
    app,
    origin,
    fetched,
    directory,
    changes,
    async (laidOut, sandboxCtx) => {
      const stage: Stage = { ...place, rules: updateRules(app), laidOut }
      const before = await observeSchemas(tools.databases, app, laidOut.databases, sandboxCtx)
      const assertions = [...fetched.assertions, ...(await assertRestored(stage, before, fetched, sandboxCtx))]
      const durationMs = Math.round(sandboxCtx.clock.monotonicMs() - startedMs)
      const cloneMs = await timeClones(tools, Object.values(laidOut.databases), sandboxCtx)
      const played = await play(stage, sandboxCtx)
      const schema = await changeSince(stage, before, played.passed, sandboxCtx)
      const stopMs = played.passed ? await timeStop(stage, sandboxCtx) : null
      const proven = passed(assertions) ? { durationMs, assertions } : null
      return { ...played, ...(cloneMs === null ? {} : { cloneMs }), ...(stopMs === null ? {} : { stopMs }), schema, proven }
    },
    ctx,
  )
}

/** What keeps the copy quiet counts before what the commit says. */
function together(changed: ChangedEnvironment, quiet: ChangedEnvironment): ChangedEnvironment {
  const services = [...new Set([...Object.keys(changed), ...Object.keys(quiet)])]
  return Object.fromEntries(services.map((service) => [service, { ...changed[service], ...quiet[service] }]))
}

type Observed = Readonly<Record<string, ObservedDatabase>>

/** Throws DATABASE_FACTS_DIFFER: on other data than was captured, a rehearsal would tell nothing. */
async function assertRestored(stage: Stage, before: Observed, fetched: Fetched, ctx: RunContext): Promise<readonly Assertion[]> {
  const { tools, app, origin, laidOut } = stage
  const assertions: Assertion[] = []
  for (const [name, { facts }] of Object.entries(before)) {
    const [part, source] = [databasePart(origin, name), laidOut.databases[name]]
    requireSameFacts(part, facts)
    if (source === undefined) continue
    const drilled = await assertDatabase(tools, app, origin, part, { source, database: null, facts }, fetched, ctx)
    assertions.push(...drilled.assertions)
  }
  for (const one of assertions) if (!one.passed) ctx.progress.warn(`${origin.point.manifest.id}: ${one.name}: ${one.detail}`)
  return assertions
}

function proofOf({ app, origin }: Place, { durationMs, assertions }: NonNullable<Found["proven"]>, ctx: RunContext): ProofRecord {
  return {
    app: app.name,
    point: origin.point.manifest.id,
    vault: origin.vault.location.name,
    level: "restored",
    at: ctx.clock.now(),
    durationMs,
    operationId: ctx.operationId,
    details: { assertions: assertions.map((assertion) => ({ ...assertion })) },
  }
}

/** A database that a failed start left unreadable is not looked at; one that cannot be read after a good start is an error. */
async function changeSince(stage: Stage, before: Observed, didWell: boolean, ctx: RunContext): Promise<SchemaChange> {
  const { tools, app, laidOut } = stage
  try {
    const after = await observeSchemas(tools.databases, app, laidOut.databases, ctx)
    return schemaChange(before, after, app.recipe?.volatileTables)
  } catch (thrown) {
    ctx.signal.throwIfAborted()
    if (didWell || !isHoldfastError(thrown)) throw thrown
    return unchangedSchema
  }
}
