/** Whether app and updater know each other: asked from where the app itself would ask (C145-C148). */
import { z } from "zod"
import type { App } from "../app/app.ts"
import type { ManagedUpdates } from "../app/managed-updates.ts"
import type { ServiceState } from "../app/ports.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { counted } from "../base/units.ts"
import type { AdoptTools } from "./ports.ts"

const START_LIMIT_MS = 120_000
const POLL_MS = 500
const CALM_MS = 4000
const ASK_LIMIT_MS = 30_000

/**
 * Waits until services that were started beside the app are up, say that they are well, and stay so. Throws ADOPT_FAILED with the end of
 * the log of one that does not (C145, C146).
 */
export async function untilSteady(tools: AdoptTools, app: App, services: readonly string[], ctx: RunContext): Promise<void> {
  const limit = ctx.clock.monotonicMs() + START_LIMIT_MS
  let calmSince: number | null = null
  let restarts = -1
  for (;;) {
    const states = await statesOf(tools, app, services, ctx)
    const ended = states.find((state) => state.state === "exited" || state.state === "dead")
    const count = states.reduce((sum, state) => sum + state.restartCount, 0)
    const isUp = states.length === services.length && states.every(isWell) && (restarts === -1 || count === restarts)
    const now = ctx.clock.monotonicMs()
    calmSince = isUp ? (calmSince ?? now) : null
    restarts = count
    if (calmSince !== null && now - calmSince >= CALM_MS) return
    if (now > limit || ended !== undefined || count >= 3) throw await notSteady(tools, states, services, ctx)
    await ctx.clock.sleep(POLL_MS, ctx.signal)
  }
}

function isWell(state: ServiceState): boolean {
  return state.state === "running" && (state.health === null || state.health === "healthy")
}

async function statesOf(tools: AdoptTools, app: App, services: readonly string[], ctx: RunContext): Promise<readonly ServiceState[]> {
  const states = app.compose === null ? [] : await tools.containers.services(app.compose.projectName, ctx)
  return states.filter((state) => services.includes(state.service))
}

async function notSteady(
  tools: AdoptTools,
  states: readonly ServiceState[],
  services: readonly string[],
  ctx: RunContext,
): Promise<HoldfastError> {
  const bad = states.find((state) => !isWell(state) || state.restartCount > 0)
  const missing = services.find((service) => !states.some((state) => state.service === service))
  if (bad === undefined) {
    return new HoldfastError("ADOPT_FAILED", {
      what: `${missing ?? services.join(", ")} did not start`,
      why: "there is no container of it",
    })
  }
  const said = (await tools.containers.logs(bad.containerId, 20, ctx)).trim()
  const how = `${bad.state}${bad.health === null ? "" : `, ${bad.health}`}, restarted ${counted(bad.restartCount, "time")}`
  return new HoldfastError("ADOPT_FAILED", {
    what: `${bad.service} does not stay up`,
    why: `${how}${said === "" ? "" : `\n${said}`}`,
    hint: "Everything is as it was before. An updater ends at once when its token is empty, when cosign_pub is no public key, or when its network is missing.",
  })
}

/** Asks each question of the recipe until it is answered as it has to be. Throws ADOPT_FAILED with the answer and what it means. */
export async function verifyAdopted(tools: AdoptTools, app: App, managed: ManagedUpdates, ctx: RunContext): Promise<void> {
  for (const question of managed.verify) {
    const limit = ctx.clock.monotonicMs() + ASK_LIMIT_MS
    for (;;) {
      const problem = await ask(tools, app, question, ctx)
      if (problem === null) break
      if (ctx.clock.monotonicMs() > limit)
        throw new HoldfastError("ADOPT_FAILED", {
          what: `not so: ${question.name}`,
          why: problem,
          hint: `Everything is as it was before. ${question.hint}`,
        })
      await ctx.clock.sleep(POLL_MS, ctx.signal)
    }
  }
}

async function ask(tools: AdoptTools, app: App, question: ManagedUpdates["verify"][number], ctx: RunContext): Promise<string | null> {
  const [state] = await statesOf(tools, app, [question.service], ctx)
  if (state === undefined) return `the service ${question.service} has no container`
  const result = await tools.containers.exec(state.containerId, question.argv, { timeoutMs: 10_000 }, ctx)
  if (result.exitCode !== 0) return `${question.argv[0]} ended with ${result.exitCode}: ${result.stderrTail.trim()}`
  return question.status === undefined ? bodyProblem(result.stdout, question.body ?? {}) : statusProblem(result.stdout, question.status)
}

export function statusProblem(answer: string, wanted: number): string | null {
  const status = /^HTTP\/[\d.]+ (\d{3})/.exec(answer)?.[1]
  if (status === String(wanted)) return null
  return status === undefined ? "there was no HTTP answer" : `answered ${status}, ${wanted} is expected`
}

const bodySchema = z.record(z.string(), z.unknown())

export function bodyProblem(answer: string, wanted: Readonly<Record<string, string>>): string | null {
  try {
    const body = bodySchema.parse(JSON.parse(answer))
    const other = Object.entries(wanted).find(([key, value]) => String(body[key]) !== value)
    return other === undefined ? null : `answered ${answer.trim().slice(0, 200)}, ${other[0]}: ${other[1]} is expected`
  } catch {
    return `answered ${answer.trim().slice(0, 200) || "nothing"}, which is no JSON`
  }
}
