import { z } from "zod"
import type { App } from "../app/app.ts"
import type { ServiceState } from "../app/ports.ts"
import type { RunContext } from "../base/run-context.ts"
import { isHoldfastError } from "../base/errors.ts"
import type { BackupTools } from "./ports.ts"

// Longer than a loaded machine needs to start a program in a container: a point of unknown version is worse than the wait.
const PROBE_TIMEOUT_MS = 10_000
const bodySchema = z.record(z.string(), z.unknown())

/** What the running program says of its version in its health body; null when it does not answer or does not say. */
export async function reportedVersion(
  tools: Pick<BackupTools, "prober" | "containers">,
  app: App,
  states: readonly ServiceState[],
  ctx: RunContext,
): Promise<string | null> {
  const key = app.health?.versionKey
  if (!app.health || !key) return null
  const body = await healthBody(tools, app, states, ctx)
  if (body === null) return null
  try {
    const value = bodySchema.parse(JSON.parse(body))[key]
    return typeof value === "string" && value !== "" ? value : null
  } catch {
    // A body that is not JSON says nothing of the version; health itself is the gate's business.
    return null
  }
}

async function healthBody(
  tools: Pick<BackupTools, "prober" | "containers">,
  app: App,
  states: readonly ServiceState[],
  ctx: RunContext,
): Promise<string | null> {
  const { health } = app
  if (health === null) return null
  try {
    if (health.url !== null) return (await tools.prober.http(health.url, PROBE_TIMEOUT_MS, ctx)).body
    const container = states.find((state) => state.service === health.command?.service && state.state === "running")
    if (container === undefined || health.command === null) return null
    const result = await tools.containers.exec(container.containerId, health.command.argv, { timeoutMs: PROBE_TIMEOUT_MS }, ctx)
    return result.exitCode === 0 ? result.stdout : null
  } catch (thrown) {
    // An app that is down can still be backed up; its version is then told by the image.
    if (isHoldfastError(thrown)) return null
    throw thrown
  }
}
