import type { App } from "../app/app.ts"
import { resume, standStill, standstillToJson } from "../app/standstill.ts"
import { capturePoint } from "../backup/capture.ts"
import type { AppUnderCare } from "../backup/backup.ts"
import { plainBackup } from "../backup/options.ts"
import type { RunContext } from "../base/run-context.ts"
import { uncancelled } from "../operation/journal.ts"
import { owed } from "../operation/owed.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import type { OpenVault } from "../vault/vault.ts"
import { gateLive } from "./gate-live.ts"
import { exchangedImage } from "./images.ts"
import { findKept } from "./kept.ts"
import type { RestoreTools } from "./ports.ts"
import { drop, replacedDatabases, replacementsToJson, swapIn, type Replacement } from "./replacement.ts"
import { startAgain } from "./in-place.ts"
import { restoreSteps } from "./steps.ts"
import { takeUndoBack } from "./take-undo-back.ts"
import { refuseSessions, standstillOf } from "./unstoppable.ts"
import { hasDatabase } from "./what-is-left.ts"

export interface UndoReport {
  readonly operationId: string
  readonly undone: string
  /** What was live before the undo, written since the restore included. */
  readonly safetyPoint: string
  readonly downtimeMs: number
}

/**
 * Swaps back what a restore replaced, with a safety point of the present state first, so that nothing written since is lost.
 * Throws UNDO_UNAVAILABLE when the kept state was released, HEALTH_GATE_FAILED when the old state is not well either (it stays live then
 * only if the restored one cannot be put back).
 */
export async function undoRestore(
  tools: RestoreTools,
  subject: AppUnderCare,
  vault: OpenVault,
  operationId: string,
  command: string,
  base: ContextBase,
): Promise<UndoReport> {
  const { app, declared } = subject
  const { record, state } = await findKept(tools, app, operationId)
  const request = {
    kind: "undo" as const,
    app: app.name,
    steps: restoreSteps,
    plan: { vault: vault.location.name, undoes: operationId, point: state.point },
    command,
  }
  const end = await runOperation(tools, request, base, async (journal, ctx) => {
    await refuseSessions(tools, app, replacedDatabases(state.replacements), ctx)
    const standstill = await standstillOf(tools, app, ctx)
    // Undoing is the same swap in the other direction: what was kept is "staged", what is live is kept as "failed".
    const reversed = (await withoutMadeAnew(tools, app, state.replacements, ctx)).map(reverse)
    const details = {
      point: state.point,
      replacements: replacementsToJson(reversed),
      standstill: standstillToJson(standstill),
      wellBefore: state.wellBefore,
    }
    await journal.step("prepare", details, async () => await Promise.resolve())
    const stoppedMs = ctx.clock.monotonicMs()
    let safetyPoint = ""
    try {
      await journal.step("stop-writers", {}, async () => await standStill(tools, app, standstill, ctx))
      const options = {
        ...plainBackup,
        trigger: "safety" as const,
        label: `before undo of ${operationId}`,
        acceptCollapse: true,
        acceptBlank: true,
      }
      safetyPoint = (await capturePoint(tools, { app, declared, vault, options }, journal, ctx)).manifest.id
    } catch (thrown) {
      await owed(`starting ${app.name} again`, async () => {
        await journal.always("start-app", {}, async () => await resume(tools, app, standstill, uncancelled(ctx)))
      })
      throw thrown
    }
    const calm = uncancelled(ctx)
    try {
      for (const replacement of reversed)
        await journal.always("swap", { part: replacement.part }, async () => await swapIn(tools, app, replacement, calm))
      await journal.always("start", { anew: true }, async () => await startAgain(tools, app, standstill, true, calm))
      // A state that was not well when it was replaced cannot be held to the gate; whoever undoes wants exactly that state.
      if (state.wellBefore) await journal.always("gate", {}, async () => await gateLive(tools, app, standstill.rested, calm))
      else ctx.progress.warn(`${app.name} was not well before the restore either; it is not judged by its health`)
    } catch (thrown) {
      await owed(`swapping ${app.name} back`, async () => {
        await journal.always("swap-back", {}, async () => await takeUndoBack(tools, app, reversed, standstill, calm))
      })
      throw thrown
    }
    for (const replacement of reversed) await drop(tools, app, replacement, "kept", calm)
    await tools.store.putKept({ ...record, releasedAt: ctx.clock.now() })
    const report: UndoReport = {
      operationId: ctx.operationId,
      undone: operationId,
      safetyPoint,
      downtimeMs: Math.round(ctx.clock.monotonicMs() - stoppedMs),
    }
    return { outcome: "succeeded", result: report, record: { undone: operationId, safetyPoint } }
  })
  return end.result
}

/** A database that was not there before the restore has nothing to swap back: it stays, because dropping it would lose the only copy. */
async function withoutMadeAnew(
  tools: RestoreTools,
  app: App,
  replacements: readonly Replacement[],
  ctx: RunContext,
): Promise<readonly Replacement[]> {
  const left: Replacement[] = []
  for (const replacement of replacements) {
    if (replacement.kind !== "database" || (await hasDatabase(tools, app, replacement, "kept", ctx))) left.push(replacement)
    else ctx.progress.warn(`${replacement.part} did not exist before the restore: it stays as it is`)
  }
  return left
}

/** The kept state plays the staged one, and what is live now is kept where a failed state would go. */
export function reverse(replacement: Replacement): Replacement {
  if (replacement.kind === "database") return { ...replacement, names: reversedNames(replacement.names) }
  if (replacement.kind === "image") return { ...replacement, swap: exchangedImage(replacement.swap) }
  if (replacement.kind === "file") {
    const { existed } = replacement.swap
    return { ...replacement, swap: { ...replacement.swap, ...reversedNames(replacement.swap), existed: true, removes: !existed } }
  }
  return { ...replacement, swap: { ...replacement.swap, ...reversedNames(replacement.swap) } }
}

function reversedNames<N extends { readonly staged: string; readonly kept: string; readonly failed: string }>(names: N): N {
  return { ...names, staged: names.kept, kept: names.failed, failed: names.staged }
}
