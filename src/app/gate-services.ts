import { counted } from "../base/units.ts"
import type { App } from "./app.ts"
import type { ServiceState } from "./ports.ts"

export interface GateCheckResult {
  readonly name: string
  /** `skipped`: cannot be asked here; `why` tells. */
  readonly outcome: "passed" | "failed" | "skipped"
  readonly why: string
}

/** How often each container had been restarted when it was first looked at. */
export type RestartsBefore = ReadonlyMap<string, number>

export function restartsOf(states: readonly ServiceState[]): Readonly<Record<string, number>> {
  return Object.fromEntries(states.map((state) => [state.containerId, state.restartCount]))
}

/** A container that has ended with everything done (a migration job) is not told from one that crashed: only those named may be down. */
export function judgedStates(states: readonly ServiceState[], ignored: readonly string[]): readonly ServiceState[] {
  return states.filter((state) => !ignored.includes(state.service))
}

/** One check for each service. @param first null: restarts are judged over a window, not since the gate began */
export function judgeServices(app: App, states: readonly ServiceState[], first: RestartsBefore | null): readonly GateCheckResult[] {
  if (app.compose !== null && states.length === 0)
    return [{ name: "services", outcome: "failed", why: "no container of this project exists" }]
  return states.map((state) => judgeService(state, first === null ? 0 : restartsSince(state, first)))
}

function judgeService(state: ServiceState, restarts: number): GateCheckResult {
  const name = `service ${state.service}`
  const failed = (why: string): GateCheckResult => ({ name, outcome: "failed", why })
  if (state.state !== "running") return failed(`is ${state.state}`)
  if (restarts > 0) return failed(restarted(restarts))
  if (state.health === "unhealthy" || state.health === "starting") return failed(`its health check says ${state.health}`)
  return { name, outcome: "passed", why: "running" }
}

function restartsSince(state: ServiceState, first: RestartsBefore): number {
  return state.restartCount - (first.get(state.containerId) ?? state.restartCount)
}

function restarted(times: number): string {
  return `restarted ${times === 1 ? "once" : counted(times, "time")} while it was watched`
}

/** What kept the time without a restart from passing, where nothing else is wrong in the last round. */
export function unstableServices(states: readonly ServiceState[], first: RestartsBefore): readonly GateCheckResult[] {
  return states.flatMap((state) => {
    const times = timesRestarted(state, first)
    return times > 0 ? [{ name: `service ${state.service}`, outcome: "failed" as const, why: restarted(times) }] : []
  })
}

/** Of a container that came since, every restart counts. */
function timesRestarted(state: ServiceState, first: RestartsBefore): number {
  return state.restartCount - (first.get(state.containerId) ?? 0)
}

/** Containers that have ended: the engine keeps one that it will start again in the state `restarting`. */
export function endedContainers(states: readonly ServiceState[]): readonly string[] {
  return states.filter(({ state }) => state === "exited" || state === "dead").map(({ containerId }) => containerId)
}

/** A container that runs and whose health check has not come to a decision yet. One that was restarted starts for the second time. */
export function startingService(states: readonly ServiceState[], first: RestartsBefore): string | null {
  const starting = states.find((state) => state.state === "running" && state.health === "starting" && timesRestarted(state, first) === 0)
  return starting === undefined ? null : `the health check of ${starting.service} is still starting`
}
