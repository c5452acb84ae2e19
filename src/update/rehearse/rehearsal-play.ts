/** What a rehearsal does in the sandbox once the data lies there: the release's commands, the start, the gate. */
import type { App, UpdateRules } from "../../app/app.ts"
import { databaseServices } from "../../app/database-services.ts"
import { gate } from "../../app/gate.ts"
import { isHoldfastError, type HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { PointSandbox } from "../../drill/point-sandbox.ts"
import type { InstallableRelease, ReleaseCommand } from "../../release/installable.ts"
import { restingServices } from "../../restore/resting.ts"
import type { Origin } from "../../restore/stage.ts"
import type { UpdateTools } from "../ports.ts"
import { lastWords } from "../last-words.ts"
import { whyNotWell } from "./rehearsal-words.ts"
import { expectedVersion, hardLimitMs, updateGateOptions } from "../update-gate.ts"
import type { Rehearsal } from "../update-plan.ts"

/** The sandbox with everything that is played in it. */
export interface Stage {
  readonly tools: UpdateTools
  readonly app: App
  readonly rules: UpdateRules
  readonly origin: Origin
  readonly release: InstallableRelease
  readonly laidOut: PointSandbox
}

export type Played = Pick<Rehearsal, "passed" | "why" | "startMs" | "preFlightMs" | "migrateMs">

/** A release that does not do well is a value. */
export async function play(stage: Stage, ctx: RunContext): Promise<Played> {
  const { release } = stage
  const unknown = { preFlightMs: null, migrateMs: null, startMs: 0 }
  const preFlight = await runCommand(stage, "pre-flight", release.preFlight, ctx)
  if (preFlight.why !== null) return { ...unknown, passed: false, why: preFlight.why, preFlightMs: preFlight.ms }
  const migrate = await runCommand(stage, "migrate", release.migrate, ctx)
  const commands = { preFlightMs: preFlight.ms, migrateMs: migrate.ms }
  if (migrate.why !== null) return { ...commands, passed: false, why: migrate.why, startMs: 0 }
  return { ...commands, ...(await startAndGate(stage, ctx)) }
}

interface CommandEnd {
  readonly ms: number | null
  /** Null when it ended with 0. */
  readonly why: string | null
}

async function runCommand(stage: Stage, what: string, command: ReleaseCommand | null, ctx: RunContext): Promise<CommandEnd> {
  if (command === null) return { ms: null, why: null }
  const { sandbox } = stage.laidOut
  const startedMs = ctx.clock.monotonicMs()
  const elapsed = (): number => Math.round(ctx.clock.monotonicMs() - startedMs)
  ctx.progress.note(`rehearsal: ${what} of ${stage.release.version}`)
  try {
    const ended = await sandbox.run(command.service, command.argv, { timeoutMs: hardLimitMs(stage.rules) }, ctx)
    if (ended.exitCode === 0) return { ms: elapsed(), why: null }
    const words = lastWords(`${ended.stdout}\n${ended.stderrTail}`)
    return { ms: elapsed(), why: `${what} (${command.argv.join(" ")}) ended with exit code ${ended.exitCode}${words}` }
  } catch (thrown) {
    const failure = failureOf(thrown, ctx)
    return { ms: elapsed(), why: `${what} (${command.argv.join(" ")}): ${failure.message}${lastWords(failure.why ?? "")}` }
  }
}

/** What the sandbox's containers did is an answer; anything else went wrong around them and is thrown. */
function failureOf(thrown: unknown, ctx: RunContext): HoldfastError {
  ctx.signal.throwIfAborted()
  if (isHoldfastError(thrown, "CONTAINER_FAILED") || isHoldfastError(thrown, "TOOL_TIMEOUT")) return thrown
  throw thrown
}

async function startAndGate(stage: Stage, ctx: RunContext): Promise<Pick<Played, "passed" | "why" | "startMs">> {
  const { tools, app, rules, release, origin, laidOut } = stage
  const begun = { ms: ctx.clock.monotonicMs(), at: ctx.clock.now().getTime() }
  const elapsed = (): number => Math.round(ctx.clock.monotonicMs() - begun.ms)
  try {
    await laidOut.sandbox.startRest(ctx)
  } catch (thrown) {
    const failure = failureOf(thrown, ctx)
    const why = await whyNotWell(tools, laidOut, release, [], failure, ctx)
    return { passed: false, why, startMs: elapsed() }
  }
  const resting = [...restingServices(origin), ...bystanders(app, release, laidOut)]
  const options = updateGateOptions(rules, expectedVersion(rules, release), resting)
  const report = await gate(app, tools, { kind: "sandbox", ...laidOut }, ctx, options)
  const startMs = report.firstGoodAt === null ? elapsed() : Math.max(0, report.firstGoodAt.getTime() - begun.at)
  return { passed: report.passed, why: report.passed ? null : await whyNotWell(tools, laidOut, release, report.checks, null, ctx), startMs }
}

/**
 * Services that the release does not move and that hold no database: a tunnel, say, cannot live without the network that the sandbox does
 * not have, and says nothing about the release. On the live app the gate judges them all.
 */
function bystanders(app: App, release: InstallableRelease, { model }: PointSandbox): readonly string[] {
  const databases = databaseServices(app)
  return model.services.map(({ name }) => name).filter((name) => release.images[name] === undefined && !databases.includes(name))
}
