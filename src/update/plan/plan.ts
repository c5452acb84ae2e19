/** What an update will do, computed before anything changes, and refused where it may not be done (design §10, step 1). */
import type { App, UpdateRules } from "../../app/app.ts"
import { assertNoDrift, lookForDrift } from "../../app/compose/drift.ts"
import { unnamedData } from "../../app/unnamed-data.ts"
import { planStandstill, type Standstill } from "../../app/standstill.ts"
import type { ComposeModel, ServiceState } from "../../app/ports.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { AppUnderCare } from "../../backup/backup.ts"
import type { OperationRecord } from "../../operation/ports.ts"
import type { SealedPoint } from "../../recovery-point/recovery-point.ts"
import type { FoundReleases, InstallableRelease } from "../../release/installable.ts"
import { addUpSpace, refuseLackOfSpace } from "../../restore/free-space.ts"
import type { OpenVault } from "../../vault/vault.ts"
import { configurationChangedAt } from "../rehearse/configuration-age.ts"
import { earlierOperations } from "../earlier-operations.ts"
import { newestPoint, predictFor } from "./downtime-of-app.ts"
import { waysOf, waysWithoutRoom } from "./database-ways.ts"
import { requireOnlyPins } from "../place/edited-model.ts"
import { failedBefore } from "./failed-before.ts"
import { updateRules } from "../find/find-tools.ts"
import { nextRelease, provableOf, refuseDowngrade, refuseFailedBefore, refuseOtherWork, refuseSameImages, requireProven } from "./guard.ts"
import { refuseOtherMajor } from "../place/major-database.ts"
import { pinsOf } from "../place/pins.ts"
import { placingOf } from "../place/placing-of.ts"
import { planCheckout } from "../place/plan-checkout.ts"
import { planWarnings } from "./plan-warnings.ts"
import type { UpdateTools } from "../ports.ts"
import { missingImages } from "../place/pull-images.ts"
import { sharersOf } from "../place/sharers.ts"
import { REHEARSAL_AGE_MS, usableRehearsal } from "../rehearse/rehearsal-record.ts"
import { lookAtRunning, runningVersion, type RunningApp } from "../running.ts"
import { schemaVersionNow } from "../rehearse/schema-facts.ts"
import type { Rehearsal, UpdatePlan } from "../update-plan.ts"
import { spaceNeeds } from "./update-space.ts"

export interface PlanOptions {
  /** A release that failed here before is tried once more. */
  readonly again: boolean
  /** Containers that run something else than the compose files say are taken as they are. */
  readonly acceptDrift: boolean
  /** One that was just done; without it a recorded one is used as long as it still counts. */
  readonly rehearsal: Rehearsal | null
  /** Why a person wants it without one; null: an update needs one that passed. */
  readonly unrehearsed: string | null
}

export const plainPlan: PlanOptions = { again: false, acceptDrift: false, rehearsal: null, unrehearsed: null }

/**
 * Plans the next release on the way. Nothing is changed.
 * Throws OPERATION_BUSY, OPERATION_UNSETTLED, UPDATES_NOT_SET_UP, UPDATE_NOTHING_NEWER, UPDATE_DOWNGRADE, UPDATE_FAILED_BEFORE, UPDATE_UNPROVEN,
 * UPDATE_MAJOR_DATABASE, PIN_REFUSED, DRIFT_FOUND, SPACE_MISSING, APP_NOT_STOPPABLE, and what looking at the app throws.
 * @param found what was found, or the one release that is meant
 */
export async function planUpdate(
  tools: UpdateTools,
  subject: AppUnderCare,
  vault: OpenVault,
  found: FoundReleases | InstallableRelease,
  options: PlanOptions,
  ctx: RunContext,
): Promise<UpdatePlan> {
  const { app, declared } = subject
  const rules = updateRules(declared)
  await refuseOtherWork(tools, app, ctx)
  const { release, hopsAfter } = nextRelease(app.name, found)
  const now = await lookAround(tools, app, rules, release, found, ctx)
  refuseDowngrade(now.version, release)
  refuseSameImages(app.name, release, now.running.states)
  const operations = await earlierOperations(tools, app, ctx)
  const failure = failedBefore(operations, release)
  refuseFailedBefore(app.name, failure, release, options.again)
  const newest = await newestPoint(tools, vault, app, ctx)
  const proof = requireProven(
    declared,
    vault.location.name,
    await provableOf(tools, declared, vault.location.name, operations),
    ctx.clock.now(),
  )
  const untold = await refuseOtherMajor(tools, app, release, ctx)
  const drift = await acceptedDrift(tools, app, options, ctx)
  const edits = await planEdits(tools, app, release, ctx)
  const ways = await waysOf(tools, app, ctx)
  const rehearsal = options.rehearsal ?? (await recordedFor(tools, app, operations, release, ctx))
  const unrehearsed = rehearsal === null ? options.unrehearsed : null
  const rehearsed = rehearsal !== null || unrehearsed !== null
  const space = await planSpace(tools, app, vault, { ways, newest, states: now.running.states, rehearsed }, ctx)
  const { databases } = space
  const standstill = await planStandstill(tools, app, ctx)
  const missing = await missingImages(tools.containers, release, ctx)
  const unnamed = (await unnamedData(tools, app, ctx)).map(({ what }) => what)
  return {
    app: app.name,
    from: { version: now.version, images: imagesNow(now.running.states, release) },
    to: release,
    hopsAfter,
    services: madeAnew(now.running.model, release, standstill),
    stops: standstill.byCommand ? ["run.stop"] : [...new Set(standstill.services.map(({ service }) => service))].toSorted(),
    edits,
    proof,
    vault: vault.location.name,
    databases,
    space: space.there,
    rehearsal,
    unrehearsed,
    unnamed,
    predictedDowntimeMs: predictFor({ app, operations, databases, newest, rehearsal, standstill }),
    rollbackWindowMs: rules.rollbackWindowMs,
    warnings: planWarnings({
      app,
      rules,
      release,
      ...now,
      databases,
      rehearsal,
      unrehearsed,
      standstill,
      missing,
      untold,
      unseen: space.unseen,
      failure,
      drift,
      unnamed,
    }),
  }
}

/** Of the release, and those that live in what these are made of. */
function madeAnew({ document }: ComposeModel, release: InstallableRelease, standstill: Standstill): readonly string[] {
  const moved = Object.keys(release.images)
  const running = standstill.services.map(({ service }) => service)
  return [...moved, ...sharersOf(document, moved, running)].toSorted()
}

/** Null also where compose files, settings or secrets are others now: with them nothing was tried. */
async function recordedFor(
  tools: UpdateTools,
  app: App,
  operations: readonly OperationRecord[],
  release: InstallableRelease,
  ctx: RunContext,
): Promise<Rehearsal | null> {
  const schemaVersion = await schemaVersionNow(tools.databases, app, ctx)
  const recorded = usableRehearsal(operations, release, schemaVersion, ctx.clock.now(), REHEARSAL_AGE_MS)
  const changedAt = await configurationChangedAt(app)
  if (recorded === null || changedAt === null) return recorded
  // What was changed while it ran was not in its point.
  const begun = operations.find(({ id }) => id === recorded.operationId)?.startedAt
  return begun !== undefined && changedAt <= begun ? recorded : null
}

interface Now {
  readonly running: RunningApp
  readonly version: string | null
}

async function lookAround(
  tools: UpdateTools,
  app: App,
  rules: UpdateRules,
  release: InstallableRelease,
  found: FoundReleases | InstallableRelease,
  ctx: RunContext,
): Promise<Now> {
  const running = await lookAtRunning(tools, app, ctx)
  const told = "hops" in found ? found.running : null
  return { running, version: told ?? runningVersion(app, rules, running, Object.keys(release.images)) }
}

function imagesNow(states: readonly ServiceState[], release: InstallableRelease): Readonly<Record<string, string>> {
  const moved = states.filter(({ service }) => release.images[service] !== undefined)
  return Object.fromEntries(moved.map((state) => [state.service, state.repositoryDigests[0] ?? state.imageReference]))
}

/** Every difference that somebody accepts. Throws DRIFT_FOUND where nobody does. */
async function acceptedDrift(tools: UpdateTools, app: App, options: PlanOptions, ctx: RunContext): Promise<readonly string[]> {
  if (app.compose === null) return []
  const drift = await lookForDrift(tools.containers, app.compose, ctx)
  assertNoDrift(app.name, drift, options.acceptDrift)
  return drift
}

async function planEdits(tools: UpdateTools, app: App, release: InstallableRelease, ctx: RunContext): Promise<UpdatePlan["edits"]> {
  if (app.compose === null) return await planExchange(tools, app, release)
  if (release.built !== undefined) return await planCheckout(tools, app, app.compose, release, release.built, ctx)
  const pins = await pinsOf(app.compose, release)
  await requireOnlyPins(tools.containers, app.compose, pins, release, ctx)
  return pins.edits.map(({ path, diff }) => ({ path, diff }))
}

/** Of an app without containers: where its link leads then. Throws UPDATE_NOTHING_NEWER where it leads there already. */
async function planExchange(tools: UpdateTools, app: App, release: InstallableRelease): Promise<UpdatePlan["edits"]> {
  const { edits } = await placingOf(tools, app).pins(release)
  if (edits.length === 0)
    throw new HoldfastError("UPDATE_NOTHING_NEWER", {
      what: `there is nothing newer for ${app.name}`,
      why: `it runs ${release.version} already`,
    })
  return edits.map(({ path, diff }) => ({ path, diff }))
}

async function planSpace(
  tools: UpdateTools,
  app: App,
  vault: OpenVault,
  facts: { ways: UpdatePlan["databases"]; newest: SealedPoint | null; states: readonly ServiceState[]; rehearsed: boolean },
  ctx: RunContext,
): Promise<{ databases: UpdatePlan["databases"]; there: UpdatePlan["space"]; unseen: readonly string[] }> {
  ctx.signal.throwIfAborted()
  const { ways, newest, states, rehearsed } = facts
  if (newest === null) return { databases: ways, there: [], unseen: [] }
  const rehearsalDirectory = rehearsed ? null : tools.scratchDirectory
  const known = { app, states, newest: newest.manifest, vault: vault.location, rehearsalDirectory }
  const spaceOf = async (databases: UpdatePlan["databases"]) => {
    const { needs, unseen } = spaceNeeds({ ...known, databases })
    return { databases, there: await addUpSpace(needs), unseen }
  }
  const beside = await spaceOf(ways)
  const tight = beside.there.find(({ freeBytes, neededBytes }) => freeBytes < neededBytes)
  const smaller = tight === undefined ? null : await waysWithoutRoom(tools, app, ways, tight, ctx)
  const fitting = smaller === null ? beside : await spaceOf(smaller)
  refuseLackOfSpace(fitting.there)
  return fitting
}
