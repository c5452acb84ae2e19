/** The restore in place: staged beside, checked there, swapped in by rename, gated, swapped back by itself when the gate says no. */
import { rm } from "node:fs/promises"
import { join } from "node:path"
import type { App } from "../app/app.ts"
import { remake, resume, standStill, standstillToJson, type Standstill } from "../app/standstill.ts"
import { dropStays } from "../app/tree/swap.ts"
import { capturePoint } from "../backup/capture.ts"
import type { AppUnderCare } from "../backup/backup.ts"
import { plainBackup } from "../backup/options.ts"
import { HoldfastError, isHoldfastError, type ErrorCode } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { uncancelled, type Journal } from "../operation/journal.ts"
import { owed } from "../operation/owed.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import type { ManifestPart } from "../recovery-point/manifest.ts"
import { checkStaged } from "./check.ts"
import { gateLive, isWell } from "./gate-live.ts"
import { keepImage, loadImages } from "./images.ts"
import { recordKept } from "./kept.ts"
import { partsToRestore, type ChosenTables } from "./choose-tables.ts"
import type { RestoreOptions } from "./options.ts"
import { planToJson, type RestorePlan } from "./plan.ts"
import type { RestoreTools } from "./ports.ts"
import { readFirst } from "./read-first.ts"
import { drop, planReplacements, replacedDatabases, replacementsToJson, swapBack, swapIn, type Replacement } from "./replacement.ts"
import { refuseSessions, standstillOf } from "./unstoppable.ts"
import { whatIsLeft } from "./what-is-left.ts"
import { fetchPaths, placeStaged, stageDatabase, stageTree, type Origin } from "./stage.ts"
import { stageTables } from "./stage-tables.ts"
import { restoreSteps, type RestoreSteps } from "./steps.ts"

export interface RestoreReport {
  readonly operationId: string
  readonly point: string
  readonly parts: readonly string[]
  /** Id of the safety point; null when the live state was too broken to be captured and is kept as a rescue copy. */
  readonly safetyPoint: string | null
  readonly keptUntil: Date
  readonly downtimeMs: number
  readonly durationMs: number
  readonly warnings: readonly string[]
}

/** Everything one restore in place carries along. */
interface Restoring {
  readonly app: App
  readonly declared: App
  readonly origin: Origin
  readonly options: RestoreOptions
  readonly parts: readonly ManifestPart[]
  /** Where not whole databases are restored but tables of them. */
  readonly tables: readonly ChosenTables[]
  readonly replacements: readonly Replacement[]
  readonly standstill: Standstill
  readonly wellBefore: boolean
  readonly scratch: string
  readonly warnings: string[]
}

/** A state of which no safety point could be taken is kept at least this long. */
export const RESCUE_KEEP_MS = 7 * 24 * 3_600_000

/**
 * Restores parts of a point in place. On any failure before the swap nothing live has changed and the app runs again; on a failure of
 * the gate everything is swapped back and HEALTH_GATE_FAILED is thrown.
 */
export async function restoreInPlace(
  tools: RestoreTools,
  subject: AppUnderCare,
  origin: Origin,
  plan: RestorePlan,
  options: RestoreOptions,
  command: string,
  base: ContextBase,
): Promise<RestoreReport> {
  const request = { kind: "restore" as const, app: subject.app.name, steps: restoreSteps, plan: planToJson(plan), command }
  const end = await runOperation(tools, request, base, async (journal, ctx) => {
    const startedMs = ctx.clock.monotonicMs()
    if (!options.unproven) await readFirst(tools, origin, journal, ctx)
    const restoring = await prepare(tools, subject, origin, options, journal, ctx)
    try {
      const result = await applyRestore(tools, restoring, journal, ctx)
      const report = { ...result, operationId: ctx.operationId, durationMs: Math.round(ctx.clock.monotonicMs() - startedMs) }
      return {
        outcome: "succeeded",
        result: report,
        record: { point: report.point, safetyPoint: report.safetyPoint, downtimeMs: report.downtimeMs },
      }
    } finally {
      await rm(restoring.scratch, { recursive: true, force: true })
    }
  })
  return end.result
}

async function prepare(
  tools: RestoreTools,
  subject: AppUnderCare,
  origin: Origin,
  options: RestoreOptions,
  journal: Journal<RestoreSteps>,
  ctx: RunContext,
): Promise<Restoring> {
  const { app } = subject
  const { parts, tables } = partsToRestore(origin, options)
  if (parts.length === 0)
    throw new HoldfastError("PART_UNKNOWN", { what: `nothing of ${origin.point.manifest.id} matches what was asked for` })
  const planned = await Promise.all(parts.map(async (part) => await planReplacements(tools, app, part, ctx)))
  const replacements = planned.flat()
  const standstill = await standstillOf(tools, app, ctx)
  const wellBefore = await isWell(tools, app, standstill.rested, ctx)
  const details = {
    point: origin.point.manifest.id,
    replacements: replacementsToJson(replacements),
    standstill: standstillToJson(standstill),
    wellBefore,
  }
  await journal.step("prepare", details, async () => await Promise.resolve())
  const scratch = join(tools.scratchDirectory, ctx.operationId)
  return { ...subject, origin, options, parts, tables, replacements, standstill, wellBefore, scratch, warnings: [] }
}

async function applyRestore(tools: RestoreTools, restoring: Restoring, journal: Journal<RestoreSteps>, ctx: RunContext) {
  const { app, origin, standstill } = restoring
  const stoppedMs = ctx.clock.monotonicMs()
  const safetyPoint = await untilSwap(tools, restoring, journal, ctx)
  try {
    await swapAll(tools, restoring, journal, ctx)
    await startRestored(tools, restoring, journal, ctx)
    await journal.always("gate", {}, async () => await gateLive(tools, app, standstill.rested, uncancelled(ctx)))
  } catch (thrown) {
    if (!isHoldfastError(thrown, "LEASE_LOST")) await goBack(tools, restoring, journal, ctx)
    throw thrown
  }
  const keepMs = safetyPoint === null ? Math.max(RESCUE_KEEP_MS, restoring.options.keepMs) : restoring.options.keepMs
  const keptUntil = new Date(ctx.clock.now().getTime() + keepMs)
  const kept = {
    replacements: restoring.replacements,
    standstill,
    safetyPoint,
    point: origin.point.manifest.id,
    wellBefore: restoring.wellBefore,
  }
  await journal.always(
    "keep",
    { until: keptUntil.toISOString() },
    async () => await recordKept(tools, origin.vault, app, kept, keptUntil, ctx),
  )
  return {
    point: origin.point.manifest.id,
    parts: restoring.parts.map((part) => part.part),
    safetyPoint,
    keptUntil,
    downtimeMs: Math.round(ctx.clock.monotonicMs() - stoppedMs),
    warnings: restoring.warnings,
  }
}

/** Stop, safety point, stage, check. A failure here leaves the live state untouched and the app running. */
async function untilSwap(
  tools: RestoreTools,
  restoring: Restoring,
  journal: Journal<RestoreSteps>,
  ctx: RunContext,
): Promise<string | null> {
  const { app, standstill } = restoring
  try {
    const details = { standstill: standstillToJson(standstill) }
    restoring.warnings.push(...(await journal.step("stop-writers", details, async () => await standStill(tools, app, standstill, ctx))))
    const safetyPoint = await takeSafetyPoint(tools, restoring, journal, ctx)
    await stageAll(tools, restoring, journal, ctx)
    const found = await journal.step(
      "check",
      {},
      async () => await checkStaged(tools, app, restoring.replacements, restoring.origin.point.manifest.keyFingerprints, ctx),
    )
    restoring.warnings.push(...found)
    // Again, because staging takes its time and swapping ends every session.
    await refuseSessions(tools, app, replacedDatabases(restoring.replacements), ctx)
    return safetyPoint
  } catch (thrown) {
    if (!isHoldfastError(thrown, "LEASE_LOST")) await putBack(tools, restoring, journal, ctx)
    throw thrown
  }
}

/** The app runs again as before, and what was staged is gone. */
async function putBack(tools: RestoreTools, restoring: Restoring, journal: Journal<RestoreSteps>, ctx: RunContext): Promise<void> {
  const { app, standstill } = restoring
  await owed(`starting ${app.name} again`, async () => {
    await journal.always("start-app", {}, async () => await resume(tools, app, standstill, uncancelled(ctx)))
  })
  await owed(
    `removing what was staged for ${app.name}`,
    async () => await dropRestored(tools, app, restoring.replacements, uncancelled(ctx)),
  )
}

const NEVER_SWALLOWED: readonly ErrorCode[] = ["OPERATION_CANCELLED", "LEASE_LOST", "VAULT_FULL", "VAULT_UNREACHABLE", "VAULT_WRITE_FAILED"]

/** A live state too broken to be captured is kept as it is (the swap keeps it beside), longer than usual, and that is said. */
async function takeSafetyPoint(
  tools: RestoreTools,
  restoring: Restoring,
  journal: Journal<RestoreSteps>,
  ctx: RunContext,
): Promise<string | null> {
  const { app, origin } = restoring
  const only = [...new Set(restoring.parts.map((part) => part.part).filter((part) => !part.startsWith("image:")))]
  try {
    const left = await whatIsLeft(tools, app, only, restoring.replacements, ctx)
    if (left.parts.length === 0) {
      restoring.warnings.push("no safety point was taken: nothing was left to capture")
      return null
    }
    const label = `before restore of ${origin.point.manifest.id}`
    const options = { ...plainBackup, trigger: "safety" as const, label, only: left.parts, acceptCollapse: true, acceptBlank: true }
    const point = await capturePoint(tools, { app: left.app, declared: restoring.declared, vault: origin.vault, options }, journal, ctx)
    if (left.gone.length > 0) restoring.warnings.push(`the safety point has no ${left.gone.join(", ")}: there was nothing left of it`)
    return point.manifest.id
  } catch (thrown) {
    if (!isHoldfastError(thrown) || NEVER_SWALLOWED.includes(thrown.code)) throw thrown
    restoring.warnings.push(`no safety point could be taken (${thrown.message}); the replaced state is kept beside as a rescue copy`)
    return null
  }
}

async function stageAll(tools: RestoreTools, restoring: Restoring, journal: Journal<RestoreSteps>, ctx: RunContext): Promise<void> {
  const { app, origin, parts, replacements } = restoring
  for (const part of parts) {
    const own = replacements.filter((replacement) => replacement.part === part.part)
    if (part.kind === "image") {
      await journal.step("load-image", { imageId: part.imageId }, async () => {
        await loadImages(tools, origin, [part], ctx)
        for (const replacement of own) if (replacement.kind === "image") await keepImage(tools, replacement.swap, ctx)
      })
    } else if (part.kind === "database") {
      for (const replacement of own) {
        if (replacement.kind !== "database") continue
        const chosen = restoring.tables.find((one) => one.part.part === part.part)
        await journal.step("stage-database", { database: part.name, tables: [...(chosen?.tables ?? [])] }, async () => {
          if (chosen === undefined) await stageDatabase(tools, app, origin, part, replacement, ctx)
          else await stageTables(tools, app, origin, chosen, replacement, ctx)
        })
      }
    } else if (part.kind === "files") {
      for (const replacement of own) {
        if (replacement.kind !== "tree") continue
        await journal.step("stage-files", { files: part.name }, async () => {
          await stageTree(origin, part, replacement.swap.staged, ctx)
          await dropStays(replacement.swap, replacement.swap.staged)
        })
      }
    } else {
      await journal.step("stage-paths", { kind: part.kind }, async () => {
        const directory = await fetchPaths(origin, part, restoring.scratch, ctx)
        for (const replacement of own) {
          if (replacement.kind === "database" || replacement.kind === "image" || replacement.stored === null) continue
          await placeStaged(join(directory, replacement.stored), replacement.swap.staged)
        }
      })
    }
  }
}

async function swapAll(tools: RestoreTools, restoring: Restoring, journal: Journal<RestoreSteps>, ctx: RunContext): Promise<void> {
  // From here a cancelled run still finishes its swap or goes back; it never stops half-way.
  for (const replacement of restoring.replacements) {
    await journal.always("swap", { part: replacement.part }, async () => await swapIn(tools, restoring.app, replacement, uncancelled(ctx)))
  }
}

/** Environment and images are fixed when a container is made, so changed secrets or configuration need new containers. */
async function startRestored(tools: RestoreTools, restoring: Restoring, journal: Journal<RestoreSteps>, ctx: RunContext): Promise<void> {
  const { app, standstill } = restoring
  const anew = restoring.parts.some((part) => part.kind === "secrets" || part.kind === "configuration")
  await journal.always("start", { anew }, async () => await startAgain(tools, app, standstill, anew, uncancelled(ctx)))
}

/** Starts what was stopped; `anew` lets compose make containers anew where their configuration changed. */
export async function startAgain(tools: RestoreTools, app: App, standstill: Standstill, anew: boolean, ctx: RunContext): Promise<void> {
  await (anew ? remake(tools, app, standstill, ctx) : resume(tools, app, standstill, ctx))
}

async function goBack(tools: RestoreTools, restoring: Restoring, journal: Journal<RestoreSteps>, ctx: RunContext): Promise<void> {
  const calm = uncancelled(ctx)
  const { app } = restoring
  await owed(`swapping ${app.name} back`, async () => {
    await journal.always("swap-back", {}, async () => {
      await swapAllBack(tools, app, restoring.replacements, restoring.standstill, calm)
      await dropRestored(tools, app, restoring.replacements, calm)
    })
  })
}

/** The old state is live again and runs. Repeating it is harmless. */
export async function swapAllBack(
  tools: RestoreTools,
  app: App,
  replacements: readonly Replacement[],
  standstill: Standstill,
  ctx: RunContext,
): Promise<void> {
  await standStill(tools, app, standstill, ctx)
  for (const replacement of replacements.toReversed()) await swapBack(tools, app, replacement, ctx)
  await startAgain(
    tools,
    app,
    standstill,
    replacements.some((replacement) => replacement.kind === "file"),
    ctx,
  )
}

/** What had been restored is dropped once the old state is back, or has never left. */
export async function dropRestored(tools: RestoreTools, app: App, replacements: readonly Replacement[], ctx: RunContext): Promise<void> {
  for (const replacement of replacements) {
    await drop(tools, app, replacement, "staged", ctx)
    await drop(tools, app, replacement, "failed", ctx)
  }
}
