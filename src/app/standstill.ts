import { z } from "zod"
import type { Json } from "../base/canonical-json.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { App } from "./app.ts"
import { databaseServices } from "./database-services.ts"
import type { CommandRunner, ContainerEngine, ServiceState, StoppedService } from "./ports.ts"
import { isHoldfastService, isPartOf } from "./updater-services.ts"

/** Everything needed to stop an app and to start it again, also after a crash; journaled before the first stop. */
export interface Standstill {
  readonly services: readonly StoppedService[]
  readonly graceSeconds: number
  /** Whether `run.stop` and `run.start` are used instead of containers. */
  readonly byCommand: boolean
  /** Services that did not run anyway: they are left as they are, and nobody expects them to be well. */
  readonly rested: readonly string[]
}

export interface StandstillTools {
  readonly containers: ContainerEngine
  readonly commands: CommandRunner
}

const DEFAULT_GRACE_SECONDS = 30

/** So long each of its services is given to stop, where its compose file does not give it longer. */
export function graceSecondsOf(app: App): number {
  return app.recipe?.stop.graceSeconds ?? DEFAULT_GRACE_SECONDS
}

/**
 * What has to stop so that nobody writes: every running service except the databases', and Holdfast where it is a service of the project.
 * Throws APP_NOT_STOPPABLE when the app has neither a compose project nor `run` commands.
 */
export async function planStandstill(tools: StandstillTools, app: App, ctx: RunContext): Promise<Standstill> {
  const graceSeconds = graceSecondsOf(app)
  if (app.compose !== null) {
    const states = await tools.containers.services(app.compose.projectName, ctx)
    const writers = states.filter(writerFilter(app))
    const rested = [...new Set(writers.filter((state) => !runs(state)).map((state) => state.service))]
    return { services: writers.filter(runs).map(toStopped), graceSeconds, byCommand: false, rested }
  }
  if (app.run !== null) return { services: [], graceSeconds, byCommand: true, rested: [] }
  throw new HoldfastError("APP_NOT_STOPPABLE", { what: `${app.name} has no compose project and no run commands` })
}

function writerFilter(app: App): (state: ServiceState) => boolean {
  const databases = databaseServices(app)
  return (state) => !databases.includes(state.service) && !isHoldfastService(state)
}

function runs(state: ServiceState): boolean {
  return state.state === "running" || state.state === "restarting"
}

/**
 * For a restore: an app that is down as a whole is to run afterwards, so its services are started although they were not stopped. One that
 * runs in part keeps its part.
 */
export async function planReturn(tools: StandstillTools, app: App, ctx: RunContext): Promise<Standstill> {
  const standstill = await planStandstill(tools, app, ctx)
  if (app.compose === null || standstill.services.length > 0 || standstill.rested.length === 0) return standstill
  const states = await tools.containers.services(app.compose.projectName, ctx)
  const down = states.filter((state) => standstill.rested.includes(state.service))
  return { ...standstill, services: down.map(toStopped), rested: [] }
}

function toStopped(state: ServiceState): StoppedService {
  return { service: state.service, containerId: state.containerId, restartPolicy: state.restartPolicy, wasRunning: true }
}

/**
 * Stops the app; afterwards nothing of it writes. Says so when the recipe's last log line did not come. Throws APP_NOT_STOPPABLE before anything
 * is stopped when we run in one of its containers: nobody would start it again.
 */
export async function standStill(tools: StandstillTools, app: App, standstill: Standstill, ctx: RunContext): Promise<readonly string[]> {
  if (standstill.byCommand) {
    await runCommand(tools, app, "stop", ctx)
    return []
  }
  if (app.compose === null || standstill.services.length === 0) return []
  await refuseOurOwn(tools, app.name, app.compose.projectName, ctx)
  const names = standstill.services.map((service) => service.service)
  await tools.containers.stopServices(app.compose.projectName, names, standstill.graceSeconds, ctx)
  return await missingLastWords(tools, app, standstill, ctx)
}

async function refuseOurOwn({ containers }: StandstillTools, app: string, projectName: string, ctx: RunContext): Promise<void> {
  const own = (await containers.own?.(ctx)) ?? null
  if (!isPartOf(own, projectName)) return
  throw new HoldfastError("APP_NOT_STOPPABLE", {
    what: `${app} cannot be stopped from here: this Holdfast runs in one of its containers`,
    hint: "Nothing was stopped. Do it from a container beside: `docker compose run --rm holdfast …`.",
  })
}

async function missingLastWords(tools: StandstillTools, app: App, standstill: Standstill, ctx: RunContext): Promise<readonly string[]> {
  const words = app.recipe?.stop.waitForLog
  if (words === undefined) return []
  const expected = standstill.services.filter((service) => app.recipe?.stop.services.includes(service.service))
  const logs = await Promise.all(expected.map(async (service) => await tools.containers.logs(service.containerId, 200, ctx)))
  return expected.flatMap((service, index) =>
    logs[index]?.includes(words) ? [] : [`${service.service} stopped without saying "${words}": its last seconds may not be on disk`],
  )
}

/**
 * Starts exactly what was stopped, with the restart policies of before; a container that was made anew meanwhile is left to compose.
 * Repeating it is harmless.
 */
export async function resume(tools: StandstillTools, app: App, standstill: Standstill, ctx: RunContext): Promise<void> {
  if (standstill.byCommand) return await runCommand(tools, app, "start", ctx)
  if (app.compose === null || standstill.services.length === 0) return
  const present = new Set((await tools.containers.services(app.compose.projectName, ctx)).map((state) => state.containerId))
  const gone = standstill.services.filter((service) => !present.has(service.containerId)).map((service) => service.service)
  if (gone.length > 0) await tools.containers.up(app.compose, gone, { noDeps: true }, ctx)
  const same = standstill.services.filter((service) => present.has(service.containerId))
  if (same.length > 0) await tools.containers.startServices(same, ctx)
}

/** As `resume`, but compose first makes containers anew where their configuration changed (secrets, environment, images). */
export async function remake(tools: StandstillTools, app: App, standstill: Standstill, ctx: RunContext): Promise<void> {
  const names = standstill.services.map((service) => service.service)
  if (app.compose !== null && names.length > 0) await tools.containers.up(app.compose, names, { noDeps: true }, ctx)
  await resume(tools, app, standstill, ctx)
}

async function runCommand(tools: StandstillTools, app: App, which: "stop" | "start", ctx: RunContext): Promise<void> {
  const argv = app.run?.[which]
  if (argv === undefined) throw new HoldfastError("APP_NOT_STOPPABLE", { what: `${app.name} has no run.${which} command` })
  const result = await tools.commands.run(argv, {}, ctx)
  if (result.exitCode === 0) return
  throw new HoldfastError("HOOK_FAILED", {
    what: `run.${which} of ${app.name} ended with exit code ${result.exitCode}`,
    why: result.stderrTail,
  })
}

const standstillSchema = z.object({
  graceSeconds: z.number(),
  byCommand: z.boolean(),
  rested: z.array(z.string()),
  services: z.array(z.object({ service: z.string(), containerId: z.string(), restartPolicy: z.string(), wasRunning: z.boolean() })),
})

/** As journaled. */
export function standstillToJson(standstill: Standstill): Json {
  return {
    graceSeconds: standstill.graceSeconds,
    byCommand: standstill.byCommand,
    rested: [...standstill.rested],
    services: standstill.services.map((service) => ({ ...service })),
  }
}

/** Reads it back from a journal; throws when the journal holds something else (a bug). */
export function standstillFromJson(json: Json): Standstill {
  return standstillSchema.parse(json)
}
