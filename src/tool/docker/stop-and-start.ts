import type { ServiceState, StoppedService } from "../../app/ports.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"
import { parseRestartPolicy } from "./container.ts"
import { tailOfLogs } from "./logs.ts"
import { inspectContainer, listServices } from "./service-containers.ts"

const START_LIMIT_MS = 30_000
const POLL_MS = 100
const KILLED = 137

/**
 * Stops the services in the given order. The restart policy goes first: a daemon restart brings a stopped `always` container back (measured).
 * What was stopped before a failure is in the error's details, as `stopped`.
 */
export async function stopServices(
  client: Client,
  projectName: string,
  services: readonly string[],
  graceSeconds: number,
  ctx: RunContext,
): Promise<readonly StoppedService[]> {
  const present = await listServices(client, projectName, ctx)
  const stopped: StoppedService[] = []
  for (const state of services.flatMap((service) => present.filter((each) => each.service === service))) {
    const { service, containerId, restartPolicy } = state
    stopped.push({ service, containerId, restartPolicy, wasRunning: isUp(state) })
    try {
      await stopOne(client, state, graceSeconds, ctx)
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError)) throw thrown
      const { message: what, why, hint, cause, details } = thrown
      throw new HoldfastError(thrown.code, { what, ...(why === undefined ? {} : { why }), hint, cause, details: { ...details, stopped } })
    }
  }
  return stopped
}

function isUp(state: ServiceState): boolean {
  return state.state === "running" || state.state === "paused" || state.state === "restarting"
}

async function stopOne(client: Client, state: ServiceState, graceSeconds: number, ctx: RunContext): Promise<void> {
  const { service, containerId } = state
  if (state.restartPolicy !== "no") await setRestartPolicy(client, containerId, service, "no", ctx)
  if (!isUp(state)) return
  await client.call(`cannot stop service ${service}`, ctx, async (api) => {
    const container = api.getContainer(containerId)
    if (state.state === "paused") await container.unpause()
    await container.stop({ t: graceSeconds, abortSignal: ctx.signal }).catch(ignoreUnchanged)
  })
  const facts = await inspectContainer(client, containerId, ctx)
  if (facts === null) return
  if (facts.State.Pid !== 0) {
    throw new HoldfastError("CONTAINER_FAILED", { what: `service ${service} is still ${facts.State.Status} after it was told to stop` })
  }
  if (facts.State.ExitCode === KILLED) ctx.progress.warn(`service ${service} did not stop within ${graceSeconds} s and was killed`)
}

/** Puts the restart policies back and starts those that were running, in the given order. Repeating it is harmless. */
export async function startServices(client: Client, stopped: readonly StoppedService[], ctx: RunContext): Promise<void> {
  for (const { service, containerId, restartPolicy, wasRunning } of stopped) {
    await setRestartPolicy(client, containerId, service, restartPolicy, ctx)
    if (!wasRunning) continue
    const what = `cannot start service ${service}`
    await client.call(what, ctx, async (api): Promise<unknown> => await api.getContainer(containerId).start().catch(ignoreUnchanged))
    await waitUntilRunning(client, service, containerId, ctx)
  }
}

async function waitUntilRunning(client: Client, service: string, containerId: string, ctx: RunContext): Promise<void> {
  const limit = ctx.clock.monotonicMs() + START_LIMIT_MS
  for (;;) {
    const facts = await inspectContainer(client, containerId, ctx)
    if (facts?.State.Status === "running") return
    const ended = facts === null || facts.State.Status === "exited" || facts.State.Status === "dead"
    if (ended || ctx.clock.monotonicMs() > limit) {
      throw new HoldfastError("CONTAINER_FAILED", {
        what: `service ${service} did not stay up after its start (state ${facts?.State.Status ?? "gone"}, exit code ${facts?.State.ExitCode ?? "unknown"})`,
        ...(facts === null ? {} : { why: await tailOfLogs(client, containerId, 20, ctx) }),
      })
    }
    await ctx.clock.sleep(POLL_MS, ctx.signal)
  }
}

async function setRestartPolicy(client: Client, containerId: string, service: string, policy: string, ctx: RunContext): Promise<void> {
  const what = `cannot set the restart policy of service ${service}`
  await client.call(
    what,
    ctx,
    async (api): Promise<unknown> => await api.getContainer(containerId).update({ RestartPolicy: parseRestartPolicy(policy) }),
  )
}

/** 304: it is already so. */
function ignoreUnchanged(thrown: unknown): void {
  if (!(thrown instanceof Error && "statusCode" in thrown && thrown.statusCode === 304)) throw thrown
}
