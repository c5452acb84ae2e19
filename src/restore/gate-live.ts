import type { App } from "../app/app.ts"
import { gate } from "../app/gate.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { RestoreTools } from "./ports.ts"

/** The app as it now runs must be well: health, its own checks, every service stable. Throws HEALTH_GATE_FAILED naming what is not. */
export async function gateLive(tools: RestoreTools, app: App, ctx: RunContext): Promise<void> {
  const report = await gate(tools, app, null, ctx)
  if (report.passed) return
  const failed = report.checks.filter((check) => !check.passed).map((check) => `${check.name}: ${check.detail}`)
  throw new HoldfastError("HEALTH_GATE_FAILED", { what: `${app.name} is not well`, why: failed.join("; ") })
}
