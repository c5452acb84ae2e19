/** The update in place: proven before, rehearsed, everything it replaces kept beside, gated, taken back by itself when the gate says no. */
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { z } from "zod"
import type { App } from "../app/app.ts"
import { letPulledGo } from "../app/pulled-names.ts"
import { planStandstill, type Standstill } from "../app/standstill.ts"
import type { AppUnderCare } from "../backup/backup.ts"
import { capturePoint } from "../backup/capture.ts"
import { beginInParts, sealWithCopies } from "../backup/capture-in-parts.ts"
import type { Capture } from "../backup/capture-request.ts"
import { plainBackup } from "../backup/options.ts"
import type { Json } from "../base/canonical-json.ts"
import { HoldfastError, isHoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { uncancelled, type Journal } from "../operation/journal.ts"
import { owed } from "../operation/owed.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import { isWell } from "../restore/gate-live.ts"
import type { OpenVault } from "../vault/vault.ts"
import { goBack, rowsSetAside, type GoingBack } from "./go-back.ts"
import { pin, startAndGate } from "./go-live.ts"
import { keepReplaced, keepSetAside } from "./keep.ts"
import { placingOf } from "./place/placing-of.ts"
import { planUpdate } from "./plan/plan.ts"
import type { UpdateTools } from "./ports.ts"
import { planReplaced } from "./place/prepare.ts"
import { preparedToJson, type Prepared } from "./prepared.ts"
import { putBackStopped, putBackUnpinned } from "./put-back.ts"
import { rehearseFirst } from "./rehearse-first.ts"
import { copiesOf, untilPin } from "./stand-still.ts"
import { updateSteps, type UpdateSteps } from "./steps.ts"
import type { UpdatePlan, UpdateReport } from "./update-plan.ts"
import type { StoodStill, Updating } from "./updating.ts"

/**
 * Carries out a plan. What fails before the first file is edited leaves the app running as before and is thrown
 * (UPDATE_REHEARSAL_FAILED, PLAN_STALE, PIN_REFUSED and whatever pulling, capturing and copying say); what fails afterwards is rolled back and
 * is a report with that outcome; what cannot be rolled back now is OPERATION_UNSETTLED and is tried again by the next command.
 */
export async function applyUpdate(
  tools: UpdateTools,
  subject: AppUnderCare,
  vault: OpenVault,
  plan: UpdatePlan,
  command: string,
  base: ContextBase,
): Promise<UpdateReport> {
  const request = { kind: "update" as const, app: subject.app.name, steps: updateSteps, plan: updatePlanToJson(plan), command }
  const end = await runOperation(tools, request, base, async (journal, ctx) => {
    let isOver = true
    try {
      const report = await update(tools, subject, vault, plan, journal, ctx)
      const outcome = report.outcome === "applied" ? ("succeeded" as const) : ("failed" as const)
      return { outcome, result: report, record: z.json().parse(report), ...(report.why === null ? {} : { message: report.why }) }
    } catch (thrown) {
      isOver = !isHoldfastError(thrown, "LEASE_LOST") && !isHoldfastError(thrown, "OPERATION_UNSETTLED")
      throw thrown
    } finally {
      // What is settled later may have to start from these images.
      if (isOver && subject.app.compose !== null) await letPulledGo(tools, ctx.operationId, uncancelled(ctx))
      await rm(join(tools.scratchDirectory, ctx.operationId), { recursive: true, force: true })
    }
  })
  return end.result
}

/** As it is recorded with the operation; settling reads it. */
export function updatePlanToJson(plan: UpdatePlan): Json {
  return z.json().parse(plan)
}

async function update(
  tools: UpdateTools,
  subject: AppUnderCare,
  vault: OpenVault,
  planned: UpdatePlan,
  journal: Journal<UpdateSteps>,
  ctx: RunContext,
): Promise<UpdateReport> {
  const startedMs = ctx.clock.monotonicMs()
  const placing = placingOf(tools, subject.app)
  const texts = await placing.texts()
  const reason = planned.unrehearsed === null ? {} : { unrehearsed: planned.unrehearsed }
  const looked = await journal.step("guard", reason, async () => await lookAgain(tools, subject, vault, planned, ctx))
  await journal.step("pull", {}, async () => await placing.bring(looked.to, ctx))
  const plan = await rehearseFirst(tools, subject, vault, looked, journal, ctx)
  const hot = await takeHotPoint(tools, subject, vault, plan, journal, ctx)
  const { updating, capture } = await prepare(tools, subject, vault, { plan, hotPoint: hot, placing, texts }, journal, ctx)
  const still = await untilPin(tools, updating, capture, journal, ctx)
  const common = {
    operationId: ctx.operationId,
    app: subject.app.name,
    from: plan.from.version,
    to: plan.to.version,
    predictedDowntimeMs: plan.predictedDowntimeMs,
    unrehearsed: plan.unrehearsed,
    hotPoint: hot,
  }
  const live = await goLive(tools, updating, still, journal, uncancelled(ctx))
  const safetyPoint = live.outcome === "applied" ? (still.sealed ?? (await sealSafety(tools, updating, still, live, journal, ctx))) : null
  const durationMs = Math.round(ctx.clock.monotonicMs() - startedMs)
  return { ...common, ...live, keptUntil: live.keptUntil?.toISOString() ?? null, safetyPoint, durationMs, warnings: updating.warnings }
}

/**
 * A plan may be old: everything is looked at again, now that nobody else may work on the app. What somebody agreed to (a release that failed
 * before, a difference between files and containers) stands. Throws PLAN_STALE and what planning throws.
 */
async function lookAgain(
  tools: UpdateTools,
  subject: AppUnderCare,
  vault: OpenVault,
  planned: UpdatePlan,
  ctx: RunContext,
): Promise<UpdatePlan> {
  const options = { again: true, acceptDrift: true, rehearsal: planned.rehearsal, unrehearsed: planned.unrehearsed }
  const now = await planUpdate(tools, subject, vault, planned.to, options, ctx)
  requirePlannedEdits(planned, now.edits)
  return { ...now, hopsAfter: planned.hopsAfter, from: { ...now.from, version: planned.from.version }, warnings: planned.warnings }
}

async function takeHotPoint(
  tools: UpdateTools,
  subject: AppUnderCare,
  vault: OpenVault,
  plan: UpdatePlan,
  journal: Journal<UpdateSteps>,
  ctx: RunContext,
): Promise<string> {
  const options = { ...plainBackup, trigger: "update" as const, label: `before the update to ${plan.to.version}` }
  return (await capturePoint(tools, { ...subject, vault, options }, journal, ctx)).manifest.id
}

/** Names everything, journals it, and puts the edited files beside; nothing live is changed. */
async function prepare(
  tools: UpdateTools,
  subject: AppUnderCare,
  vault: OpenVault,
  known: Pick<Updating, "plan" | "placing" | "texts"> & { readonly hotPoint: string },
  journal: Journal<UpdateSteps>,
  ctx: RunContext,
): Promise<{ readonly updating: Updating; readonly capture: Capture }> {
  const { app } = subject
  const { plan, hotPoint, placing, texts } = known
  const label = `what ${plan.to.version} replaced`
  const options = { ...plainBackup, trigger: "safety" as const, label, acceptCollapse: true, acceptBlank: true }
  const capture = await beginInParts(tools, { ...subject, vault, options }, ctx)
  await placing.requireSame(texts)
  const pins = await placing.pins(plan.to)
  // What a commit changes is known by its id, which does not move.
  if (plan.to.built === undefined) requirePlannedEdits(plan, pins.edits)
  const standstill = await planStandstill(tools, app, ctx)
  const wellBefore = await isWell(tools, app, standstill.rested, ctx)
  refuseDown(app, standstill, wellBefore)
  const prepared: Prepared = {
    from: plan.from.version,
    to: plan.to.version,
    hotPoint,
    replacements: await planReplaced(tools, app, pins, plan, ctx),
    coldDatabases: plan.databases.filter(({ way }) => way !== "clone").map(({ name }) => name),
    refilled: plan.databases.filter(({ way }) => way === "refill").map(({ name }) => name),
    standstill,
    link: await placing.link(plan.to, ctx),
    checkout: plan.to.built ?? null,
    services: plan.services,
    jobs: await placing.jobs(plan.services, ctx),
    dependencies: await placing.dependencies(plan.services, ctx),
    withDependencies: await placing.withDependencies(plan.services, ctx),
    wellBefore,
    vault: vault.location.name,
    safetyPoint: capture.id,
  }
  try {
    await journal.step("prepare", preparedToJson(prepared), async () => await placing.stage(prepared, pins, plan.to, ctx))
  } catch (thrown) {
    if (!isHoldfastError(thrown, "LEASE_LOST")) await putBackPrepared(tools, subject, prepared, journal, ctx)
    throw thrown
  }
  return { updating: { app, vault, plan, release: plan.to, placing, texts, prepared, warnings: [...plan.warnings] }, capture }
}

/** What does not run cannot be judged afterwards, and would be left with data of a version that never ran. Throws SERVICE_NOT_RUNNING. */
function refuseDown(app: App, standstill: Standstill, isWellNow: boolean): void {
  // Whether a plain program runs is told by nothing but its health.
  if (standstill.byCommand ? isWellNow : standstill.services.length > 0) return
  throw new HoldfastError("SERVICE_NOT_RUNNING", {
    what: `${app.name} does not run`,
    why: "whether an update is kept is decided by how the app runs after it",
    hint: "Start the app, then update it.",
  })
}

async function putBackPrepared(
  tools: UpdateTools,
  { app }: AppUnderCare,
  prepared: Prepared,
  journal: Journal<UpdateSteps>,
  ctx: RunContext,
): Promise<void> {
  await owed(`removing what was staged for ${app.name}`, async () => {
    await journal.always("start-app", {}, async () => await putBackStopped(tools, app, prepared, uncancelled(ctx)))
  })
}

/** What was shown and confirmed is what is done. Throws PLAN_STALE. */
function requirePlannedEdits(plan: UpdatePlan, now: UpdatePlan["edits"]): void {
  const textOf = (edits: UpdatePlan["edits"]): string => edits.map(({ path, diff }) => `${path}\n${diff}`).join("\n")
  if (textOf(now) === textOf(plan.edits)) return
  throw new HoldfastError("PLAN_STALE", { what: "the compose files were edited since the update was planned" })
}

type Live = Pick<UpdateReport, "outcome" | "why" | "downtimeMs" | "rollbackMs" | "rowsKeptBeside"> & { readonly keptUntil: Date | null }

/** From here on it is finished or taken back; a cancelled run does no less. */
async function goLive(
  tools: UpdateTools,
  updating: Updating,
  still: StoodStill,
  journal: Journal<UpdateSteps>,
  ctx: RunContext,
): Promise<Live> {
  const { app, prepared } = updating
  try {
    await pin(tools, updating, still.trees, journal, ctx)
  } catch (thrown) {
    if (!isHoldfastError(thrown, "LEASE_LOST")) await unpin(tools, updating, journal, ctx)
    throw thrown
  }
  let downtimeMs = 0
  try {
    const report = await startAndGate(tools, updating, journal, ctx)
    downtimeMs = sinceStop(still, report.firstGoodAt, ctx)
  } catch (thrown) {
    if (isHoldfastError(thrown, "LEASE_LOST")) throw thrown
    return await rollBack(tools, updating, still, thrown, journal, ctx)
  }
  const keptUntil = new Date(ctx.clock.now().getTime() + updating.plan.rollbackWindowMs)
  await owed(`recording what the update of ${app.name} keeps`, async () => {
    const place = { ...updating, trees: still.trees }
    const details = { until: keptUntil.toISOString() }
    await journal.always("keep", details, async () => await keepReplaced(tools, place, still.sealed, keptUntil, ctx))
  })
  ctx.progress.note(`${app.name} runs ${prepared.to}; what it replaced is kept until ${keptUntil.toISOString()}`)
  return { outcome: "applied", why: null, downtimeMs, rollbackMs: null, rowsKeptBeside: [], keptUntil }
}

function sinceStop(still: StoodStill, until: Date | null, ctx: RunContext): number {
  return Math.max(0, (until ?? ctx.clock.now()).getTime() - still.stoppedAt.getTime())
}

async function unpin(tools: UpdateTools, { app, prepared }: Updating, journal: Journal<UpdateSteps>, ctx: RunContext): Promise<void> {
  await owed(`putting the files of ${app.name} back`, async () => {
    await journal.always("start-app", {}, async () => await putBackUnpinned(tools, app, prepared, ctx))
  })
}

async function rollBack(
  tools: UpdateTools,
  updating: Updating,
  still: StoodStill,
  cause: unknown,
  journal: Journal<UpdateSteps>,
  ctx: RunContext,
): Promise<Live> {
  const { app, vault, prepared, plan } = updating
  const why = reasonOf(cause)
  ctx.progress.warn(`${prepared.to} is not kept: ${why}`)
  const startedMs = ctx.clock.monotonicMs()
  const back: GoingBack = { app, vault, prepared, trees: still.trees }
  return await owed(`going back to ${prepared.from ?? "the version before"} of ${app.name}`, async () => {
    const went = await goBack(tools, back, async (name, details, action) => await journal.always(name, details, action), ctx)
    const rollbackMs = Math.round(ctx.clock.monotonicMs() - startedMs)
    const rowsKeptBeside = await rowsSetAside(tools, app, prepared, went, ctx)
    const keptUntil = new Date(ctx.clock.now().getTime() + plan.rollbackWindowMs)
    const keeping = async () => await keepSetAside(tools, back, ctx.operationId, keptUntil, ctx)
    await journal.always("keep-failed", { until: keptUntil.toISOString() }, keeping)
    return { outcome: "rolled back", why, downtimeMs: sinceStop(still, went.firstGoodAt, ctx), rollbackMs, rowsKeptBeside, keptUntil }
  })
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof HoldfastError && thrown.why !== undefined ? `${thrown.message}: ${thrown.why}` : messageOf(thrown)
}

/** The app is up again; that its state before could not be sealed is no reason to take the update back. */
async function sealSafety(
  tools: UpdateTools,
  updating: Updating,
  still: StoodStill,
  live: Live,
  journal: Journal<UpdateSteps>,
  ctx: RunContext,
): Promise<string | null> {
  try {
    const point = await sealWithCopies(tools, still.half, copiesOf(updating.app, updating.prepared), journal, ctx)
    const { id } = point.manifest
    const place = { ...updating, trees: still.trees }
    const keptUntil = live.keptUntil ?? ctx.clock.now()
    await journal.always("seal-safety", { point: id }, async () => await keepReplaced(tools, place, id, keptUntil, uncancelled(ctx)))
    return id
  } catch (thrown) {
    if (isHoldfastError(thrown, "LEASE_LOST")) throw thrown
    updating.warnings.push(`the safety point was not sealed (${reasonOf(thrown)}); the copies beside are kept until you release them`)
    return null
  }
}
