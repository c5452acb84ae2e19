/** Restores a point for real into a sandbox, asserts, and leaves a dated report: the proofs `restored` and `booted` (design §6). */
import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import type { App } from "../app/app.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Journal } from "../operation/journal.ts"
import type { Settlement } from "../operation/operation.ts"
import type { OperationRecord } from "../operation/ports.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import { recordProof } from "../recovery-point/recovery-point.ts"
import type { Origin } from "../restore/stage.ts"
import { bootApp } from "./boot.ts"
import { fetchParts } from "./fetch.ts"
import type { DrillTools } from "./ports.ts"
import { passed, type Assertion, type DrillReport } from "./report.ts"
import { drillDatabase } from "./restore-database.ts"
import { drillSteps, type DrillSteps } from "./steps.ts"

export type { Assertion, DrillReport } from "./report.ts"

/**
 * Drills one point. Throws DRILL_FAILED naming every assertion that did not hold; the report is recorded either way, a proof only if all held.
 * @param app with places located, or as the point's manifest says
 */
export async function drillPoint(
  tools: DrillTools,
  app: App,
  origin: Origin,
  level: "restored" | "booted",
  command: string,
  base: ContextBase,
): Promise<DrillReport> {
  const { manifest } = origin.point
  const plan = { point: manifest.id, vault: origin.vault.location.name, level }
  const end = await runOperation(
    tools,
    { kind: "drill", app: manifest.app, steps: drillSteps, plan, command },
    base,
    async (journal, ctx) => {
      const directory = join(tools.scratchDirectory, ctx.operationId)
      await mkdir(directory, { recursive: true, mode: 0o700 })
      try {
        const report = await runDrill(tools, app, origin, level, directory, journal, ctx)
        if (!report.passed) throw drillFailed(report)
        await journal.step("record-proof", { level }, async () => await recordProof(origin.vault, tools.store, proofOf(report, ctx), ctx))
        return { outcome: "succeeded", result: report, record: { point: report.point, level, recoveryTimeMs: report.recoveryTimeMs } }
      } finally {
        await rm(directory, { recursive: true, force: true })
      }
    },
  )
  return end.result
}

async function runDrill(
  tools: DrillTools,
  app: App,
  origin: Origin,
  level: "restored" | "booted",
  directory: string,
  journal: Journal<DrillSteps>,
  ctx: RunContext,
): Promise<DrillReport> {
  const startedMs = ctx.clock.monotonicMs()
  const fetched = await journal.step("fetch-files", {}, async () => await fetchParts(origin, directory, ctx))
  const assertions: Assertion[] = [...fetched.assertions]
  const warnings: string[] = []
  for (const part of origin.point.manifest.parts) {
    if (part.kind !== "database") continue
    const drilling = async () => await drillDatabase(tools, app, origin, part, fetched, directory, ctx)
    const drilled = await journal.step("restore-database", { database: part.name }, drilling)
    assertions.push(...drilled.assertions)
    warnings.push(...drilled.warnings)
  }
  let recoveryTimeMs = ctx.clock.monotonicMs() - startedMs
  if (level === "booted" && passed(assertions)) {
    const booted = await journal.step("boot-app", {}, async () => await bootApp(tools, app, origin, fetched, directory, ctx))
    assertions.push(...booted.assertions)
    warnings.push(...booted.warnings)
    recoveryTimeMs = booted.recoveryTimeMs
  }
  return {
    operationId: ctx.operationId,
    app: app.name,
    point: origin.point.manifest.id,
    vault: origin.vault.location.name,
    level,
    passed: passed(assertions),
    assertions,
    recoveryTimeMs: Math.round(recoveryTimeMs),
    warnings,
  }
}

function drillFailed(report: DrillReport): HoldfastError {
  const failed = report.assertions.filter((assertion) => !assertion.passed).map((assertion) => `${assertion.name}: ${assertion.detail}`)
  return new HoldfastError("DRILL_FAILED", {
    what: `${report.point} did not pass the drill`,
    why: failed.join("; ") || "nothing could be asserted",
  })
}

function proofOf(report: DrillReport, ctx: RunContext) {
  return {
    app: report.app,
    point: report.point,
    vault: report.vault,
    level: report.level,
    at: ctx.clock.now(),
    durationMs: report.recoveryTimeMs,
    operationId: ctx.operationId,
    details: { assertions: report.assertions.map((assertion) => ({ ...assertion })), warnings: [...report.warnings] },
  }
}

/** Removes what an interrupted drill left behind. Nothing live was touched. */
export async function settleDrill(tools: DrillTools, app: App, operation: OperationRecord, ctx: RunContext): Promise<Settlement> {
  for (const source of app.databases) await tools.databases.for(source).sweepScratch?.(operation.id, ctx)
  if (app.compose !== null) await tools.containers.removeLeftovers(operation.id, ctx)
  await rm(join(tools.scratchDirectory, operation.id), { recursive: true, force: true })
  return { outcome: "failed", message: "interrupted; what the sandbox left behind was removed, no proof was recorded" }
}
