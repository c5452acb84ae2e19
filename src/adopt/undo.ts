/** Takes an adoption back in one command: files byte for byte, services, secrets that it made, images, and the database where it was migrated. */
import { z } from "zod"
import type { LocatedApp } from "../app/locate.ts"
import { capturePoint } from "../backup/capture.ts"
import { plainBackup } from "../backup/options.ts"
import { begun, done, lastDetails, settleCapture } from "../backup/settle.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { uncancelled, type Journal } from "../operation/journal.ts"
import type { Settlement } from "../operation/operation.ts"
import { owed } from "../operation/owed.ts"
import type { OperationRecord } from "../operation/ports.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import type { ImagePart } from "../recovery-point/manifest.ts"
import { gateLive } from "../restore/gate-live.ts"
import { loadImages } from "../restore/images.ts"
import { drop } from "../restore/replacement.ts"
import { dropStaged, letImagesGo, nameOldImages, removeNetworks, startAnew, startAsBefore, stopAnew } from "./change.ts"
import { databaseReplacements, stageDatabases, swapDatabases } from "./data-back.ts"
import { giveFileBack, giveSecretBack } from "./give-back.ts"
import type { AdoptSubject, AdoptTools } from "./ports.ts"
import type { Prepared } from "./prepared.ts"
import { adoptUndoSteps, type AdoptUndoSteps } from "./steps.ts"
import { adoptionOf, type Undoing } from "./undo-plan.ts"

export interface AdoptUndoReport {
  readonly operationId: string
  readonly undone: string
  /** Taken before the database was replaced; null where it stayed. */
  readonly safetyPoint: string | null
  readonly downtimeMs: number
  readonly warnings: readonly string[]
}

/** The newer database stays beside so long. */
const KEEP_MS = 24 * 3_600_000

/** What of an undoing has to be known to carry it out; journaled. */
interface Aim {
  readonly undoes: string
  readonly point: string | null
  readonly moved: readonly string[]
}

type Ground = Omit<Undoing, "plan">

/** Throws what made it fail before anything was changed; OPERATION_UNSETTLED when it could not be finished: the next command tries again. */
export async function undoAdopt(
  tools: AdoptTools,
  subject: AdoptSubject,
  { plan, ...ground }: Undoing,
  command: string,
  base: ContextBase,
): Promise<AdoptUndoReport> {
  const aim: Aim = {
    undoes: plan.undoes,
    point: plan.point,
    moved: plan.databases.filter(({ moved }) => moved).map(({ database }) => database),
  }
  const recorded = {
    ...plan,
    files: plan.files.map((file) => ({ ...file })),
    databases: plan.databases.map((one) => ({ ...one })),
    rowsLost: plan.rowsLost.map((one) => ({ ...one })),
  }
  const request = { kind: "adopt-undo" as const, app: plan.app, steps: adoptUndoSteps, plan: recorded, command }
  const end = await runOperation(tools, request, base, async (journal, ctx) => {
    await journal.step("prepare", { ...aim, moved: [...aim.moved] }, async () => await Promise.resolve())
    await stageBefore(tools, subject, ground, aim, journal, ctx)
    const stoppedMs = ctx.clock.monotonicMs()
    const safetyPoint = await standBefore(tools, subject, ground, aim, journal, ctx)
    const calm = uncancelled(ctx)
    await owed(`taking the adoption of ${plan.app} back`, async () => {
      await journal.always("turn-back", {}, async () => await turnBack(tools, subject, ground, aim, safetyPoint, calm))
      await journal.always("start", {}, async () => await startBefore(tools, subject.app, ground.prepared, calm))
      await journal.always("gate", {}, async () => await gateLive(tools, subject.app, restingOf(ground.prepared), calm))
    })
    const downtimeMs = Math.round(ctx.clock.monotonicMs() - stoppedMs)
    await journal.always("keep", {}, async () => await letImagesGo(tools, ground.prepared, calm))
    const report = { operationId: ctx.operationId, undone: plan.undoes, safetyPoint, downtimeMs, warnings: plan.warnings }
    return { outcome: "succeeded", result: report, record: { ...report, warnings: [...plan.warnings] } }
  })
  return end.result
}

function restingOf({ standstill }: Prepared): readonly string[] {
  return standstill.rested
}

/** Everything that can fail without a change of anything live comes first. */
async function stageBefore(
  tools: AdoptTools,
  subject: AdoptSubject,
  ground: Ground,
  aim: Aim,
  journal: Journal<AdoptUndoSteps>,
  ctx: RunContext,
): Promise<void> {
  await journal.step("load-image", {}, async () => await bringImages(tools, subject, ground, ctx))
  const { cold } = ground
  if (cold === null || aim.point === null) return
  const origin = { vault: subject.vault, point: cold }
  const replacements = await databaseReplacements(tools, subject.app, origin, aim.moved, ctx)
  await journal.step(
    "stage-database",
    { point: aim.point },
    async () => await stageDatabases(tools, subject.app, origin, replacements, ctx),
  )
}

/** An image that was cleaned up comes back from the point; where it is in none, nothing is begun. */
async function bringImages(tools: AdoptTools, { vault }: AdoptSubject, { prepared, first }: Ground, ctx: RunContext): Promise<void> {
  for (const { imageId, service, reference } of prepared.images) {
    if (await tools.containers.imagePresent(imageId, ctx)) continue
    const part = first?.manifest.parts.find((one): one is ImagePart => one.kind === "image" && one.imageId === imageId)
    if (part === undefined || first === null) {
      throw new HoldfastError("IMAGE_MISSING", {
        what: `the image that ${service} ran before is not here any more`,
        why: reference,
        hint: "Nothing was changed. Build or pull it under this name, then run it again.",
      })
    }
    await loadImages(tools, { vault, point: first }, [part], ctx)
  }
}

async function standBefore(
  tools: AdoptTools,
  subject: AdoptSubject,
  { prepared }: Ground,
  aim: Aim,
  journal: Journal<AdoptUndoSteps>,
  ctx: RunContext,
): Promise<string | null> {
  try {
    await journal.step("stop-writers", {}, async () => await stopAnew(tools, subject.app, prepared, ctx))
    if (aim.point === null) return null
    const label = `before undoing ${aim.undoes}`
    const options = { ...plainBackup, trigger: "safety" as const, label, acceptCollapse: true, acceptBlank: true }
    return (await capturePoint(tools, { ...subject, options }, journal, ctx)).manifest.id
  } catch (thrown) {
    await owed(`starting ${subject.app.name} again`, async () => await startAdopted(tools, subject.app, prepared, uncancelled(ctx)))
    throw thrown
  }
}

/** As it was adopted: its containers are there, with restart policies that the stop took from them. */
async function startAdopted(tools: AdoptTools, app: LocatedApp, prepared: Prepared, ctx: RunContext): Promise<void> {
  await startAnew(tools, app, prepared, ctx)
  await startAsBefore(tools, app, prepared, ctx)
}

/** Repeatable, and finished by settling once it was begun. */
async function turnBack(
  tools: AdoptTools,
  subject: AdoptSubject,
  { prepared, cold }: Ground,
  aim: Aim,
  safetyPoint: string | null,
  ctx: RunContext,
): Promise<void> {
  const { app, vault } = subject
  await stopAnew(tools, app, prepared, ctx)
  if (app.compose !== null) await tools.containers.removeServices?.(app.compose.projectName, prepared.beside, [], ctx)
  for (const file of prepared.files.toReversed()) await giveFileBack(file, app.name)
  for (const change of prepared.secrets.toReversed()) await giveSecretBack(change, ctx)
  await nameOldImages(tools, prepared, ctx)
  if (cold === null || aim.point === null) return
  const origin = { vault, point: cold }
  const replacements = await databaseReplacements(tools, app, origin, aim.moved, ctx)
  await stageDatabases(tools, app, origin, replacements, ctx)
  const until = new Date(ctx.clock.now().getTime() + KEEP_MS)
  await swapDatabases(tools, app, origin, replacements, prepared, { until, safetyPoint }, ctx)
}

async function startBefore(tools: AdoptTools, app: LocatedApp, prepared: Prepared, ctx: RunContext): Promise<void> {
  await startAsBefore(tools, app, prepared, ctx)
  await removeNetworks(tools, app, prepared, ctx)
  await dropStaged(prepared)
}

const aimSchema = z.object({ undoes: z.string(), point: z.string().nullable(), moved: z.array(z.string()) })

/** Before `turn-back` nothing was changed: what stood is started. From there it is finished. */
export async function settleAdoptUndo(
  tools: AdoptTools,
  subject: AdoptSubject,
  operation: OperationRecord,
  base: RunContext,
): Promise<Settlement> {
  await settleCapture(tools, subject.app, subject.vault, operation, base)
  const details = lastDetails(operation.steps, "prepare")
  if (details === null) return { outcome: "failed", message: "interrupted before anything was changed" }
  if (done(operation.steps, "keep")) return { outcome: "succeeded", message: "interrupted at the very end; the adoption is undone" }
  const aim = aimSchema.parse(details)
  const adoption = await tools.store.operation(aim.undoes)
  if (adoption === null) throw new HoldfastError("OPERATION_UNKNOWN", { what: `the adoption ${aim.undoes} is not in the journal` })
  // Names of databases that come back are made from the operation's id.
  const ctx = { ...base, operationId: operation.id }
  const ground = await adoptionOf(tools, subject, adoption, ctx)
  if (!begun(operation.steps, "turn-back")) {
    await dropWhatWasStaged(tools, subject, ground, aim, ctx)
    if (begun(operation.steps, "stop-writers")) await startAdopted(tools, subject.app, ground.prepared, ctx)
    return { outcome: "failed", message: "interrupted before anything was changed; the app runs as it was adopted" }
  }
  await turnBack(tools, subject, ground, aim, null, ctx)
  await startBefore(tools, subject.app, ground.prepared, ctx)
  await letImagesGo(tools, ground.prepared, ctx)
  return { outcome: "succeeded", message: "interrupted, then finished: the adoption is undone" }
}

async function dropWhatWasStaged(
  tools: AdoptTools,
  { app, vault }: AdoptSubject,
  { cold }: Ground,
  aim: Aim,
  ctx: RunContext,
): Promise<void> {
  if (cold === null) return
  const replacements = await databaseReplacements(tools, app, { vault, point: cold }, aim.moved, ctx)
  for (const replacement of replacements) await drop(tools, app, replacement, "staged", ctx)
}
