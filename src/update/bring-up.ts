/** Starting services of an update: the new version, the old one again, and what runs their databases. */
import type { App, ComposeProject } from "../app/app.ts"
import { databaseServices } from "../app/database-services.ts"
import type { StoppedService } from "../app/ports.ts"
import { resume, type Standstill } from "../app/standstill.ts"
import { HoldfastError, isHoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { RestoreTools } from "../restore/ports.ts"
import type { UpdateTools } from "./ports.ts"
import type { Prepared } from "./prepared.ts"

/** Nothing is pulled: what is not here was not looked at before everything stopped. */
function here({ withDependencies }: Pick<Prepared, "withDependencies">) {
  return { noDeps: !withDependencies, neverPull: true } as const
}

const DATABASE_LIMIT_MS = 120_000
const DATABASE_POLL_MS = 250

/** Databases that are not stopped, and that the update makes anew all the same. */
function movedDatabaseServices(app: App, prepared: Pick<Prepared, "services">): readonly string[] {
  return databaseServices(app).filter((service) => prepared.services.includes(service))
}

export function movesDatabaseServices(app: App, prepared: Pick<Prepared, "services">): boolean {
  return movedDatabaseServices(app, prepared).length > 0
}

/** Makes them anew as the files now say, and waits until each database answers. */
export async function startDatabases(
  tools: UpdateTools,
  app: App,
  prepared: Pick<Prepared, "services" | "withDependencies">,
  ctx: RunContext,
): Promise<void> {
  const moved = movedDatabaseServices(app, prepared)
  if (app.compose === null || moved.length === 0) return
  await tools.containers.up(app.compose, moved, here(prepared), ctx)
  for (const source of app.databases) {
    if (source.engine === "postgres" && source.service !== null && moved.includes(source.service)) await untilAnswers(tools, source, ctx)
  }
}

async function untilAnswers(tools: UpdateTools, source: App["databases"][number], ctx: RunContext): Promise<void> {
  const limit = ctx.clock.monotonicMs() + DATABASE_LIMIT_MS
  for (;;) {
    try {
      await tools.databases.for(source).inspect(source, ctx)
      return
    } catch (thrown) {
      if (!isHoldfastError(thrown) || ctx.clock.monotonicMs() > limit) throw thrown
      await ctx.clock.sleep(DATABASE_POLL_MS, ctx.signal)
    }
  }
}

/** What the update makes anew comes up by compose, the rest as it was stopped. Repeating it is harmless. */
export async function startNew(tools: UpdateTools, app: App, prepared: Prepared, ctx: RunContext): Promise<void> {
  const { standstill, services } = prepared
  if (app.compose === null) return await resume(tools, app, standstill, ctx)
  await startDependencies(tools, app.compose, prepared, ctx)
  const anew = namesOf(standstill).filter((service) => services.includes(service))
  await tools.containers.up(app.compose, anew, here(prepared), ctx)
  const others = standstill.services.filter(({ service }) => !services.includes(service))
  await startOthers(tools, app.compose, prepared, others, ctx)
}

type Starting = Pick<Prepared, "standstill" | "services" | "dependencies" | "withDependencies">

/** A program that finds nobody to talk to may end, and would be taken for one that is not well. */
async function startDependencies(tools: RestoreTools, compose: ComposeProject, prepared: Starting, ctx: RunContext): Promise<void> {
  if (prepared.withDependencies) return
  const { standstill, services, dependencies } = prepared
  const first = standstill.services.filter(({ service }) => dependencies.includes(service) && !services.includes(service))
  if (first.length > 0) await startOthers(tools, compose, prepared, first, ctx)
}

async function startOthers(
  tools: RestoreTools,
  compose: ComposeProject,
  prepared: Pick<Prepared, "withDependencies">,
  others: readonly StoppedService[],
  ctx: RunContext,
): Promise<void> {
  const present = new Set((await tools.containers.services(compose.projectName, ctx)).map((state) => state.containerId))
  const gone = others.filter(({ containerId }) => !present.has(containerId)).map(({ service }) => service)
  if (gone.length > 0) await tools.containers.up(compose, gone, here(prepared), ctx)
  const same = others.filter(({ containerId }) => present.has(containerId))
  if (same.length > 0) await tools.containers.startServices(same, ctx)
}

/**
 * Everything as it ran before, from the files of before. A container that is there already (a repetition) keeps the restart policy that
 * its stop took from it, so all get the policy that was noted. Repeating it is harmless.
 */
export async function startOld(tools: RestoreTools, app: App, prepared: Starting, ctx: RunContext): Promise<void> {
  const { standstill } = prepared
  if (app.compose === null || standstill.byCommand) return await resume(tools, app, standstill, ctx)
  const names = namesOf(standstill)
  if (names.length === 0) return
  await startDependencies(tools, app.compose, prepared, ctx)
  await tools.containers.up(app.compose, names, here(prepared), ctx)
  const states = await tools.containers.services(app.compose.projectName, ctx)
  const started = states.flatMap((state): StoppedService[] => {
    const noted = standstill.services.find(({ service }) => service === state.service)
    return noted === undefined ? [] : [{ ...noted, containerId: state.containerId }]
  })
  await tools.containers.startServices(started, ctx)
}

/** By name, whatever containers they have by now; nothing of the app writes afterwards. */
export async function stopAll(tools: UpdateTools, app: App, standstill: Standstill, ctx: RunContext): Promise<void> {
  if (standstill.byCommand) {
    const argv = app.run?.stop
    if (argv === undefined) throw new HoldfastError("APP_NOT_STOPPABLE", { what: `${app.name} has no run.stop command` })
    const ended = await tools.commands.run(argv, {}, ctx)
    if (ended.exitCode !== 0) throw new HoldfastError("HOOK_FAILED", { what: `run.stop of ${app.name} failed`, why: ended.stderrTail })
    return
  }
  if (app.compose === null) return
  await tools.containers.stopServices(app.compose.projectName, namesOf(standstill), standstill.graceSeconds, ctx)
}

function namesOf(standstill: Standstill): readonly string[] {
  return [...new Set(standstill.services.map(({ service }) => service))]
}
