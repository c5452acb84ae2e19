import type { App } from "../app/app.ts"
import { copiedWithout } from "../app/copied-without.ts"
import { gate, type GateReport } from "../app/gate.ts"
import type { Sandbox } from "../app/ports.ts"
import type { RunContext } from "../base/run-context.ts"
import { restingServices } from "../restore/resting.ts"
import type { Origin } from "../restore/stage.ts"
import type { Fetched } from "./fetch.ts"
import { withPointSandbox } from "./point-sandbox.ts"
import type { DrillTools } from "./ports.ts"
import type { Assertion } from "./report.ts"

export interface Boot {
  readonly assertions: readonly Assertion[]
  readonly warnings: readonly string[]
  readonly recoveryTimeMs: number
}

/**
 * Starts the whole app from the point in a sandbox without network, with the point's own images: databases first, filled before anything
 * else starts, then the rest, then the gate. Throws SANDBOX_REFUSED when the app needs what a sandbox must not have.
 */
export async function bootApp(
  tools: DrillTools,
  app: App,
  origin: Origin,
  fetched: Fetched,
  directory: string,
  ctx: RunContext,
): Promise<Boot> {
  const startedMs = ctx.clock.monotonicMs()
  return await withPointSandbox(
    tools,
    app,
    origin,
    fetched,
    directory,
    {},
    async ({ sandbox, databases, model }, sandboxCtx) => {
      const target = { kind: "sandbox" as const, sandbox, databases, model }
      const report = await gate(app, tools, target, sandboxCtx, { ignoreServices: restingServices(origin) })
      const recoveryTimeMs = ctx.clock.monotonicMs() - startedMs
      if (!report.passed) await tellLastWords(tools, sandbox, sandboxCtx)
      return {
        assertions: gateAssertions(report),
        warnings: [...gateWarnings(report), ...doneWithout(copiedWithout(app, model))],
        recoveryTimeMs,
      }
    },
    ctx,
  )
}

/** A program that ends by an error prints where it was below what it was. */
const LAST_LINES = 15

/** Of services that do not run, to whoever watches alone: their logs may hold what no report should. */
async function tellLastWords(tools: DrillTools, sandbox: Sandbox, ctx: RunContext): Promise<void> {
  for (const { service, containerId, state } of await sandbox.services(ctx)) {
    if (state === "running") continue
    const said = (await tools.containers.logs(containerId, LAST_LINES, ctx)).split("\n").filter((line) => line.trim() !== "")
    ctx.progress.warn(`${service} is ${state}${said.length === 0 ? " and said nothing" : " and said last:"}`)
    for (const line of said) ctx.progress.warn(`${service}: ${line}`)
  }
}

function gateAssertions(report: GateReport): readonly Assertion[] {
  const asked = report.checks.filter((check) => check.outcome !== "skipped")
  const checks = asked.map((check) => ({ name: `booted: ${check.name}`, passed: check.outcome === "passed", detail: check.why }))
  return [
    ...checks,
    { name: "booted: gate", passed: report.passed, detail: `${report.probes} probes in ${Math.round(report.durationMs)} ms` },
  ]
}

function doneWithout(without: readonly string[]): readonly string[] {
  return without.length === 0 ? [] : [`booted without ${without.join(", ")}, as the settings say`]
}

function gateWarnings(report: GateReport): readonly string[] {
  return report.checks
    .filter((check) => check.outcome === "skipped")
    .map((check) => `${check.name} was not asked in the sandbox: ${check.why}`)
}
