import type { App } from "../app/app.ts"
import { gate, requirePassed } from "../app/gate.ts"
import type { RunContext } from "../base/run-context.ts"
import type { RestoreTools } from "./ports.ts"

/**
 * The app as it now runs must be well: health, its own checks, every service stable. Throws HEALTH_GATE_FAILED naming what is not.
 * @param rested services that did not run before either and are not judged
 */
export async function gateLive(tools: RestoreTools, app: App, rested: readonly string[], ctx: RunContext): Promise<void> {
  requirePassed(app, await gate(app, tools, { kind: "live" }, ctx, { ignoreServices: rested }))
}

const LOOK_MS = 3000

/** Whether the app is well right now, asked once and briefly. */
export async function isWell(tools: RestoreTools, app: App, rested: readonly string[], ctx: RunContext): Promise<boolean> {
  return (await gate(app, tools, { kind: "live" }, ctx, { consecutive: 1, timeoutMs: LOOK_MS, ignoreServices: rested })).passed
}
