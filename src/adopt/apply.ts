/** Adopts: a point first, then files and secrets, the updater beside the app, the app on its pinned image, and back by itself if it is not well. */
import { gate, requirePassed } from "../app/gate.ts"
import type { LocatedApp } from "../app/locate.ts"
import { letPulledGo } from "../app/pulled-names.ts"
import { capturePoint } from "../backup/capture.ts"
import { plainBackup } from "../backup/options.ts"
import { HoldfastError, isHoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { uncancelled, type Journal } from "../operation/journal.ts"
import { owed } from "../operation/owed.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import { setPin, type SealedPoint } from "../recovery-point/recovery-point.ts"
import { recordReleaseKey, recordReleaseSeen } from "../recovery-point/release-marks.ts"
import { readPublicKey } from "../release/public-key.ts"
import { pullReleaseImages } from "../update/place/pull-images.ts"
import { proveRead } from "../verify/prove-read.ts"
import { adoptPlanToJson, type AdoptPlan } from "./adopt-plan.ts"
import { dropStaged, stageFiles, startAnew, startBeside, stopAnew, swapFilesIn, validate, writeSecrets } from "./change.ts"
import { requireAsPlanned } from "./as-planned.ts"
import { refuseSurprises } from "./checks.ts"
import { goBack } from "./go-back.ts"
import type { AdoptSubject, AdoptTools } from "./ports.ts"
import { prepare, preparedToJson, type Prepared } from "./prepared.ts"
import { secretContents } from "./secret-files.ts"
import { adoptSteps, type AdoptSteps } from "./steps.ts"
import { verifyAdopted } from "./verify-adopted.ts"

export interface AdoptReport {
  readonly operationId: string
  readonly app: string
  readonly target: string
  readonly from: string | null
  readonly to: string
  /** Taken while the app ran, read back to its last byte, and held. */
  readonly point: string
  /** Of the stopped app, of its databases alone: what a way back takes them from. Null when nothing of it can be dumped. */
  readonly coldPoint: string | null
  readonly downtimeMs: number
  readonly durationMs: number
  readonly warnings: readonly string[]
}

interface Adopting {
  readonly subject: AdoptSubject
  readonly plan: AdoptPlan
  readonly prepared: Prepared
  /** What is written into each secret that is made, by path. */
  readonly contents: ReadonlyMap<string, Uint8Array>
}

/**
 * Throws ADOPT_SURPRISE and PLAN_STALE before anything is changed; afterwards what made it fail, with everything as it was before.
 */
export async function adopt(
  tools: AdoptTools,
  subject: AdoptSubject,
  plan: AdoptPlan,
  command: string,
  base: ContextBase,
): Promise<AdoptReport> {
  refuseSurprises(plan.app, plan.checks)
  const request = { kind: "adopt" as const, app: plan.app, steps: adoptSteps, plan: adoptPlanToJson(plan), command }
  const end = await runOperation(tools, request, base, async (journal, ctx) => {
    let isOver = true
    try {
      const report = await adoptNow(tools, subject, plan, journal, ctx)
      return { outcome: "succeeded", result: report, record: { ...report, warnings: [...plan.warnings] } }
    } catch (thrown) {
      isOver = !isHoldfastError(thrown, "LEASE_LOST") && !isHoldfastError(thrown, "OPERATION_UNSETTLED")
      throw thrown
    } finally {
      // What is settled later may have to start from these images.
      if (isOver) await letPulledGo(tools, ctx.operationId, uncancelled(ctx))
    }
  })
  return end.result
}

async function adoptNow(
  tools: AdoptTools,
  subject: AdoptSubject,
  plan: AdoptPlan,
  journal: Journal<AdoptSteps>,
  ctx: RunContext,
): Promise<AdoptReport> {
  const startedMs = ctx.clock.monotonicMs()
  await requireAsPlanned(plan)
  const contents = secretContents(plan.secrets, plan.vendorKey)
  const prepared = await prepare(tools, subject.app, plan, contents, ctx)
  await journal.step("prepare", preparedToJson(prepared), async () => await Promise.resolve())
  const adopting = { subject, plan, prepared, contents }
  const point = await firstPoint(tools, adopting, journal, ctx)
  await fetchImages(tools, adopting, journal, ctx)
  const { coldPoint, downtimeMs } = await change(tools, adopting, journal, ctx)
  return {
    operationId: ctx.operationId,
    app: plan.app,
    target: plan.target,
    from: plan.running,
    to: plan.release.version,
    point,
    coldPoint,
    downtimeMs,
    durationMs: Math.round(ctx.clock.monotonicMs() - startedMs),
    warnings: plan.warnings,
  }
}

/** Backed up, read back to the last byte, and held for as long as nobody lets it go (C113, C129, C130). */
async function firstPoint(tools: AdoptTools, adopting: Adopting, journal: Journal<AdoptSteps>, ctx: RunContext): Promise<string> {
  const { subject, plan } = adopting
  const label = `before adopting ${plan.release.version}`
  // Placeholders of nothing are what one of the two starting points has; the checks have looked at every secret.
  const options = { ...plainBackup, trigger: "safety" as const, label, acceptBlank: true }
  const point = await capturePoint(tools, { ...subject, options }, journal, ctx)
  const { id } = point.manifest
  await journal.step("read-point", { point: id }, async () => await proveRead(tools, subject.vault, point, ctx))
  await journal.step("hold-point", { point: id }, async () => {
    const reason = `before adopting ${plan.release.version}; unpin it 24 hours after all is well, at the earliest`
    await setPin(subject.vault, tools.store, { app: plan.app, point: id, pinned: true, reason, at: ctx.clock.now() }, ctx)
  })
  return id
}

/** By digest, while the app runs; what runs now keeps a name of its own, so that no clean-up takes it. */
async function fetchImages(
  tools: AdoptTools,
  { subject, plan, prepared }: Adopting,
  journal: Journal<AdoptSteps>,
  ctx: RunContext,
): Promise<void> {
  const { release } = plan
  await remember(tools, subject, plan, ctx)
  await journal.step("pull", { images: [...plan.pulls] }, async () => {
    await pullReleaseImages(tools, release, ctx)
    for (const { reference, repository, digest } of plan.tags) await tools.containers.tagImage(`${repository}@${digest}`, reference, ctx)
    await refuseMissing(tools, plan, ctx)
  })
  await journal.step("keep-image", {}, async () => {
    for (const { imageId, keptAs } of prepared.images) await tools.containers.tagImage(imageId, keptAs, ctx)
  })
}

/** From here on nothing older is trusted, whatever becomes of the store. */
async function remember(
  tools: AdoptTools,
  { vault }: AdoptSubject,
  { app, release, vendorKey }: AdoptPlan,
  ctx: RunContext,
): Promise<void> {
  if (release.signed === null) return
  const { signed, version } = release
  await recordReleaseSeen([vault], tools.store, app, { ...signed, version }, ctx)
  if (vendorKey === null) return
  const { fingerprint } = readPublicKey(Buffer.from(vendorKey).toString("utf8"))
  await recordReleaseKey([vault], tools.store, app, { product: signed.product, fingerprint, replaces: null }, ctx)
}

async function refuseMissing(tools: AdoptTools, plan: AdoptPlan, ctx: RunContext): Promise<void> {
  for (const reference of plan.pulls) {
    if (await tools.containers.imagePresent(reference, ctx)) continue
    throw new HoldfastError("IMAGE_MISSING", {
      what: `the image ${reference} is not on this machine`,
      hint: "Nothing was changed. Build or pull it first; for a private registry run `docker login` on this host once.",
    })
  }
}

async function change(
  tools: AdoptTools,
  adopting: Adopting,
  journal: Journal<AdoptSteps>,
  ctx: RunContext,
): Promise<{ coldPoint: string | null; downtimeMs: number }> {
  const { subject, plan, prepared, contents } = adopting
  const { app } = subject
  let cold: SealedPoint | null = null
  try {
    await journal.step("stage-files", {}, async () => await stageFiles(plan, prepared.files))
    await journal.step("validate", {}, async () => await validate(tools, app, plan, prepared, ctx))
    await journal.step("write-secrets", {}, async () => await writeSecrets(prepared, contents))
    await journal.step("swap-files", {}, async () => await swapFilesIn(tools, app, plan, prepared, ctx))
    await journal.step("start-updater", {}, async () => await startBeside(tools, app, prepared, ctx))
    const stoppedMs = ctx.clock.monotonicMs()
    await journal.step("stop-writers", {}, async () => await stopAnew(tools, app, prepared, ctx))
    cold = await captureStopped(tools, adopting, journal, ctx)
    const calm = uncancelled(ctx)
    await journal.always("recreate", {}, async () => await startAnew(tools, app, prepared, calm))
    await journal.always("gate", {}, async () => await gateAdopted(tools, app, prepared, calm))
    const downtimeMs = Math.round(ctx.clock.monotonicMs() - stoppedMs)
    const { managed } = plan
    if (managed !== null) await journal.always("verify", {}, async () => await verifyAdopted(tools, app, managed, calm))
    await journal.always("keep", {}, async () => await dropStaged(prepared))
    return { coldPoint: cold?.manifest.id ?? null, downtimeMs }
  } catch (thrown) {
    if (isHoldfastError(thrown, "LEASE_LOST")) throw thrown
    await owed(`putting ${plan.app} back`, async () => {
      await journal.always("put-back", {}, async () => await goBack(tools, subject, prepared, cold, uncancelled(ctx)))
    })
    throw failed(plan, thrown)
  }
}

/** Nothing that was acknowledged is lost, should the way back need the database. */
async function captureStopped(
  tools: AdoptTools,
  { subject, plan }: Adopting,
  journal: Journal<AdoptSteps>,
  ctx: RunContext,
): Promise<SealedPoint | null> {
  // What runs on is the very image that ran: nothing can migrate.
  if (subject.app.databases.length === 0 || plan.target === "pins") return null
  const options = {
    ...plainBackup,
    trigger: "safety" as const,
    label: `stopped, before ${plan.release.version}`,
    only: ["database"],
    acceptCollapse: true,
  }
  return await capturePoint(tools, { ...subject, options }, journal, ctx)
}

/** Health, the version of the pin, and every service stable, those of the updater too (C147, C148). */
export async function gateAdopted(tools: AdoptTools, app: LocatedApp, prepared: Prepared, ctx: RunContext): Promise<void> {
  const report = await gate(app, tools, { kind: "live" }, ctx, {
    ignoreServices: prepared.standstill.rested,
    expectVersion: prepared.expectVersion ? prepared.to : null,
    ...(app.updates === undefined ? {} : { timeoutMs: app.updates.timeoutMs }),
  })
  requirePassed(app, report)
}

/** A cancelled run is told as cancelled; what an error of another room says is right, but for its advice. */
function failed(plan: AdoptPlan, thrown: unknown): unknown {
  if (!isHoldfastError(thrown) || thrown.code === "OPERATION_CANCELLED" || thrown.code === "ADOPT_SURPRISE") return thrown
  return new HoldfastError(thrown.code === "HEALTH_GATE_FAILED" ? "ADOPT_FAILED" : thrown.code, {
    what:
      thrown.code === "ADOPT_FAILED" ? thrown.message : `${plan.app} was not adopted, everything is as it was before: ${messageOf(thrown)}`,
    ...(thrown.why === undefined ? {} : { why: thrown.why }),
    hint: thrown.hint,
    details: thrown.details,
    cause: thrown,
  })
}
