import type { ServiceState, StoppedService } from "../../app/ports.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"
import { parseRestartPolicy } from "./container.ts"
import { tailOfLogs } from "./logs.ts"
import { inspectContainer, listServices } from "./service-containers.ts"
import { dependenciesOf, startRounds } from "./start-order.ts"

const START_LIMIT_MS = 30_000
const HEALTH_LIMIT_MS = 180_000
const POLL_MS = 100
const KILLED = 137

/**
 * Stops the services: what depends on others first, what nothing stands between side by side, as compose does it. The restart policy goes first: a
 * daemon restart brings a stopped `always` container back (measured). What was stopped before a failure is in the error's details, as `stopped`.
 * @param graceSeconds at least; a service whose compose file allows it longer has that
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
  for (const round of startRounds(present).toReversed()) {
    const ours = round.filter(({ service }) => services.includes(service))
    stopped.push(...ours.map(toStopped))
    try {
      await allOf(ours.map(async (state) => await stopOne(client, state, graceSeconds, ctx)))
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError)) throw thrown
      const { message: what, why, hint, cause, details } = thrown
      throw new HoldfastError(thrown.code, { what, ...(why === undefined ? {} : { why }), hint, cause, details: { ...details, stopped } })
    }
  }
  return stopped
}

function toStopped(state: ServiceState): StoppedService {
  const { service, containerId, restartPolicy } = state
  return { service, containerId, restartPolicy, wasRunning: isUp(state) }
}

/** Waits for all of them, also when one fails: then nothing goes on behind the failure. */
async function allOf(actions: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(actions)).find((ended) => ended.status === "rejected")
  if (failed !== undefined) throw failed.reason
}

function isUp(state: ServiceState): boolean {
  return state.state === "running" || state.state === "paused" || state.state === "restarting"
}

async function stopOne(client: Client, state: ServiceState, atLeastSeconds: number, ctx: RunContext): Promise<void> {
  const { service, containerId } = state
  if (state.restartPolicy !== "no") await setRestartPolicy(client, containerId, service, "no", ctx)
  if (!isUp(state)) return
  const allowed = (await inspectContainer(client, containerId, ctx))?.Config.StopTimeout ?? 0
  const graceSeconds = Math.max(atLeastSeconds, allowed)
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

/**
 * Puts the restart policies back and starts those that were running: what others depend on first, and well where any service asks for that. Repeating
 * it is harmless.
 */
export async function startServices(client: Client, stopped: readonly StoppedService[], ctx: RunContext): Promise<void> {
  const projects = new Set<string>()
  for (const { service, containerId, restartPolicy } of stopped) {
    await setRestartPolicy(client, containerId, service, restartPolicy, ctx)
    const project = (await inspectContainer(client, containerId, ctx))?.Config.Labels?.["com.docker.compose.project"]
    if (project !== undefined) projects.add(project)
  }
  const toStart = new Set(stopped.filter(({ wasRunning }) => wasRunning).map(({ containerId }) => containerId))
  for (const project of projects) await startInOrder(client, project, toStart, ctx)
}

async function startInOrder(client: Client, project: string, ids: ReadonlySet<string>, ctx: RunContext): Promise<void> {
  const present = await listServices(client, project, ctx)
  const awaited = new Set(
    present.flatMap((one) => dependenciesOf(one).flatMap(({ service, condition }) => (condition === "service_healthy" ? [service] : []))),
  )
  const ours = startRounds(present).map((round) => round.filter(({ containerId }) => ids.has(containerId)))
  for (const round of ours) {
    await allOf(round.map(async ({ service, containerId }) => await startOne(client, service, containerId, awaited.has(service), ctx)))
  }
}

async function startOne(client: Client, service: string, containerId: string, isAwaited: boolean, ctx: RunContext): Promise<void> {
  const what = `cannot start service ${service}`
  await client.call(what, ctx, async (api): Promise<unknown> => await api.getContainer(containerId).start().catch(ignoreUnchanged))
  await waitUntilRunning(client, service, containerId, ctx)
  if (isAwaited) await waitUntilWell(client, containerId, ctx)
}

async function waitUntilRunning(client: Client, service: string, containerId: string, ctx: RunContext): Promise<void> {
  const limit = ctx.clock.monotonicMs() + START_LIMIT_MS
  while (!(await isRunning(client, service, containerId, ctx))) {
    if (ctx.clock.monotonicMs() > limit) throw await notUp(client, service, containerId, ctx)
    await ctx.clock.sleep(POLL_MS, ctx.signal)
  }
}

/** One that does not become well is judged by the gate: what depends on it may come up all the same. */
async function waitUntilWell(client: Client, containerId: string, ctx: RunContext): Promise<void> {
  const limit = ctx.clock.monotonicMs() + HEALTH_LIMIT_MS
  while (await isUndecided(client, containerId, ctx)) {
    if (ctx.clock.monotonicMs() > limit) return
    await ctx.clock.sleep(POLL_MS, ctx.signal)
  }
}

/** False as long as it may still come. */
async function isRunning(client: Client, service: string, containerId: string, ctx: RunContext): Promise<boolean> {
  const status = (await inspectContainer(client, containerId, ctx))?.State.Status
  if (status === undefined || status === "exited" || status === "dead") throw await notUp(client, service, containerId, ctx)
  return status === "running"
}

async function isUndecided(client: Client, containerId: string, ctx: RunContext): Promise<boolean> {
  const state = (await inspectContainer(client, containerId, ctx))?.State
  return state?.Status === "running" && state.Health?.Status === "starting"
}

async function notUp(client: Client, service: string, containerId: string, ctx: RunContext): Promise<HoldfastError> {
  const facts = await inspectContainer(client, containerId, ctx)
  return new HoldfastError("CONTAINER_FAILED", {
    what: `service ${service} did not stay up after its start (state ${facts?.State.Status ?? "gone"}, exit code ${facts?.State.ExitCode ?? "unknown"})`,
    ...(facts === null ? {} : { why: await tailOfLogs(client, containerId, 20, ctx) }),
  })
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
