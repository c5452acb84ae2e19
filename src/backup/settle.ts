import { rm } from "node:fs/promises"
import { join } from "node:path"
import type { App } from "../app/app.ts"
import { resume, standstillFromJson } from "../app/standstill.ts"
import type { Json } from "../base/canonical-json.ts"
import { isHoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Settlement } from "../operation/operation.ts"
import type { OperationRecord, StepRecord } from "../operation/ports.ts"
import { syncPoints } from "../recovery-point/recovery-point.ts"
import type { OpenVault } from "../vault/vault.ts"
import { runAfterHooks } from "./hooks.ts"
import type { BackupTools } from "./ports.ts"

/**
 * Settles an interrupted backup: sessions and helpers of it are ended, the app runs again, after-hooks are run, dead locks of the
 * vault are removed. The point is there if its manifest was stored, else it is wholly absent.
 */
export async function settleBackup(
  tools: BackupTools,
  app: App,
  vault: OpenVault,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<Settlement> {
  await settleCapture(tools, app, vault, operation, ctx)
  const sealed = (await syncPoints(vault, tools.store, app.name, ctx)).find((point) => point.manifest.operationId === operation.id)
  if (sealed !== undefined) return { outcome: "succeeded", message: `interrupted after the point ${sealed.manifest.id} was sealed` }
  return { outcome: "failed", message: "interrupted before the point was sealed; no point was listed, the app runs as before" }
}

/** What any operation that captures owes after a crash; used by restore as well, for its safety point. */
export async function settleCapture(
  tools: BackupTools,
  app: App,
  vault: OpenVault,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<void> {
  await endSessions(tools, app, operation, ctx)
  if (app.compose !== null) await tools.containers.removeLeftovers(operation.id, ctx)
  await rm(join(tools.scratchDirectory, operation.id), { recursive: true, force: true })
  await vault.backend.unlockDead(vault.location, ctx)
  const stopped = lastDetails(operation.steps, "stop-app")
  if (stopped !== null && isRecord(stopped)) await resume(tools, app, standstillFromJson(stopped["standstill"] ?? null), ctx)
  if (owesAfterHooks(operation.steps)) await runAfterHooks(tools, app.hooks.after, ctx)
}

/** Whether hooks after a capture are still to be run. An operation may capture more than once: those after the first belong to the first. */
export function owesAfterHooks(steps: readonly StepRecord[]): boolean {
  const before = steps.findLastIndex(({ name }) => name === "hooks-before")
  return before >= 0 && !done(steps.slice(before), "hooks-after")
}

/** A server that does not answer has no sessions of ours, and the app must run again whether it answers or not. */
async function endSessions(tools: BackupTools, app: App, operation: OperationRecord, ctx: RunContext): Promise<void> {
  for (const source of app.databases) {
    try {
      await tools.databases.for(source).endSessions(source, operation.id, ctx)
    } catch (thrown) {
      if (!isHoldfastError(thrown, "DATABASE_UNREACHABLE")) throw thrown
      ctx.progress.warn(`sessions of the interrupted run were not ended: ${messageOf(thrown)}`)
    }
  }
}

/** The details of the last step of this name, null when it never began. */
export function lastDetails(steps: readonly StepRecord[], name: string): Json {
  return steps.findLast((step) => step.name === name)?.details ?? null
}

export function begun(steps: readonly StepRecord[], name: string): boolean {
  return steps.some((step) => step.name === name)
}

export function done(steps: readonly StepRecord[], name: string): boolean {
  return steps.some((step) => step.name === name && step.state === "done")
}

function isRecord(json: Json): json is { readonly [key: string]: Json | undefined } {
  return json !== null && typeof json === "object" && !Array.isArray(json)
}
