import type { App } from "../app/app.ts"
import { gate, requirePassed } from "../app/gate.ts"
import type { RunContext } from "../base/run-context.ts"
import type { RestoreTools } from "./ports.ts"

/** The app as it now runs must be well: health, its own checks, every service stable. Throws HEALTH_GATE_FAILED naming what is not. */
export async function gateLive(tools: RestoreTools, app: App, ctx: RunContext): Promise<void> {
  requirePassed(app, await gate(app, tools, { kind: "live" }, ctx))
}
