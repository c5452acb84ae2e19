/** Decides whether an app is well: its health's body, its version, its own checks, and every service's state and restarts. */
import { readFileSync } from "node:fs"
import { HoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { App, AppCheck, DatabaseSource, HealthCheck } from "./app.ts"
import { judgeBody } from "./gate-body.ts"
import { gateBegun, nextProgress, type GateProgress, type GateRound, type GateRules } from "./gate-decision.ts"
import {
  endedContainers,
  judgedStates,
  judgeServices,
  restartsOf,
  startingService,
  unstableServices,
  type GateCheckResult,
  type RestartsBefore,
} from "./gate-services.ts"
import { databaseAtWork, type RowAnswers } from "./gate-under-way.ts"
import { hostKeyFingerprint } from "./host-key.ts"
import type { CommandRunner, ComposeModel, ContainerEngine, Prober, Sandbox, ServiceState } from "./ports.ts"

export type { GateCheckResult } from "./gate-services.ts"

export interface GateTools {
  readonly prober: Prober
  readonly containers: ContainerEngine
  readonly databases: RowAnswers
  readonly commands: CommandRunner
}

export interface GateOptions {
  /** Good answers in a row that are wanted (default 3). */
  readonly consecutive?: number
  readonly intervalMs?: number
  readonly timeoutMs?: number
  /** The version that must answer, with or without a `v` before it; null: any. */
  readonly expectVersion?: string | null
  /** Services that need not run (they did not before either). */
  readonly ignoreServices?: readonly string[]
  /**
   * For updates: everything has to be well for this whole time, without a restart of any service. Restarts before it are forgiven, and a
   * container that has ended for good fails the gate at once.
   */
  readonly stableForMs?: number
  /** With `stableForMs`: what visibly still starts or migrates moves the deadline, up to this (default: it does not move). */
  readonly hardLimitMs?: number
}

/** The live app, or a sandbox with the sources of its databases (by name) where they differ. */
export type GateTarget =
  | { readonly kind: "live" }
  | {
      readonly kind: "sandbox"
      readonly sandbox: Sandbox
      readonly databases: Readonly<Record<string, DatabaseSource>>
      /** The app's compose model, to know which service's port a published one of the host leads to. */
      readonly model?: ComposeModel | null
    }

export interface GateReport {
  readonly passed: boolean
  readonly version: string | null
  readonly durationMs: number
  readonly probes: number
  readonly checks: readonly GateCheckResult[]
  /** Since when the app itself has answered well without a break; null when its last answer was not good. */
  readonly firstGoodAt: Date | null
  /** What was seen still at work when the deadline was moved; null when it was not. */
  readonly extendedBy: string | null
}

/**
 * Polls until N rounds in a row are good (and, with `stableForMs`, for that time) or the time is over; never throws for an app that is not
 * well, only when cancelled.
 */
export async function gate(
  app: App,
  tools: GateTools,
  target: GateTarget,
  ctx: RunContext,
  options: GateOptions = {},
): Promise<GateReport> {
  const begun = { atMs: ctx.clock.monotonicMs(), at: ctx.clock.now() }
  const rules = rulesOf(app, options)
  const first = await restartCounts(app, tools, target, ctx)
  let [progress, probes] = [gateBegun, 0]
  for (;;) {
    ctx.signal.throwIfAborted()
    const seen = await round(app, tools, target, first, options, ctx)
    probes += 1
    const durationMs = ctx.clock.monotonicMs() - begun.atMs
    const answeredAtMs = seen.answeredAtMs === null ? null : seen.answeredAtMs - begun.atMs
    progress = nextProgress(progress, { ...seen, atMs: durationMs, answeredAtMs }, rules)
    // Nothing to ask is asked once: no second look could tell more.
    const verdict = seen.checks.length === 0 ? "passed" : progress.verdict
    if (verdict === "wait") {
      await ctx.clock.sleep(intervalOf(options, progress), ctx.signal)
      continue
    }
    const since = progress.answeredSinceMs
    return {
      passed: verdict === "passed",
      version: seen.version,
      durationMs,
      probes,
      checks:
        verdict === "passed" || options.stableForMs === undefined ? seen.checks : [...seen.checks, ...unstableServices(seen.states, first)],
      firstGoodAt: since === null ? null : new Date(begun.at.getTime() + since),
      extendedBy: durationMs > rules.limitMs ? (progress.underWay?.what ?? null) : null,
    }
  }
}

const INTERVAL_MS = 1000
/** The engine waits twice as long before each restart of a container that ends at once: five of them take some seconds. */
const LOOP_AFTER = 5
/** Until the first good answer, so that the time without one is measured to a fraction of a second. */
const IMPATIENT_MS = 200

function rulesOf(app: App, options: GateOptions): GateRules {
  const limitMs = options.timeoutMs ?? app.health?.timeoutMs ?? 120_000
  const stableForMs = options.stableForMs ?? 0
  const hardLimitMs = options.stableForMs === undefined ? limitMs : Math.max(limitMs, options.hardLimitMs ?? limitMs)
  const loopAfter = options.stableForMs === undefined ? null : LOOP_AFTER
  return { consecutive: options.consecutive ?? 3, stableForMs, limitMs, hardLimitMs, loopAfter }
}

function intervalOf(options: GateOptions, progress: GateProgress): number {
  if (options.intervalMs !== undefined) return options.intervalMs
  return options.stableForMs !== undefined && progress.answeredSinceMs === null ? IMPATIENT_MS : INTERVAL_MS
}

function anyFailed(checks: readonly GateCheckResult[]): boolean {
  return checks.some((check) => check.outcome === "failed")
}

/** @throws HEALTH_GATE_FAILED with what failed, when the report says so */
export function requirePassed(app: App, report: GateReport): void {
  if (report.passed) return
  const failed = report.checks.filter((check) => check.outcome === "failed")
  const why = failed.length === 0 ? "it was not well for long enough" : failed.map((check) => `${check.name}: ${check.why}`).join("\n")
  throw new HoldfastError("HEALTH_GATE_FAILED", { what: `${app.name} is not well`, why, details: { report } })
}

interface Round extends Omit<GateRound, "atMs"> {
  readonly checks: readonly GateCheckResult[]
  readonly version: string | null
  /** Services that are judged. */
  readonly states: readonly ServiceState[]
}

async function round(
  app: App,
  tools: GateTools,
  target: GateTarget,
  first: RestartsBefore,
  options: GateOptions,
  ctx: RunContext,
): Promise<Round> {
  const all = await statesOf(app, tools, target, ctx)
  const states = judgedStates(all, options.ignoreServices ?? [])
  const overWindow = options.stableForMs !== undefined
  const services = judgeServices(app, all.length === 0 ? all : states, overWindow ? null : first)
  const health = app.health === null ? null : await askHealth(app.health, tools, target, all, ctx)
  const judged = health === null ? null : judgeBody(health, app.health?.expect ?? {}, app.health?.versionKey ?? null)
  const answeredAtMs = ctx.clock.monotonicMs()
  const checks = [...services, ...(judged === null ? [] : [judged.check])]
  const wanted = options.expectVersion ?? null
  if (wanted !== null && judged !== null) checks.push(versionCheck(wanted, judged.version))
  const answered = !anyFailed(judged === null ? checks : checks.slice(services.length))
  for (const check of app.checks) checks.push(await runCheck(check, app, tools, target, all, ctx))
  const good = !anyFailed(checks)
  return {
    checks,
    version: judged?.version ?? null,
    states,
    good,
    answeredAtMs: answered ? answeredAtMs : null,
    restarts: restartsOf(states),
    ended: overWindow ? endedContainers(states) : [],
    underWay: overWindow && !good ? await underWay(app, tools, target, states, first, ctx) : null,
  }
}

async function underWay(
  app: App,
  tools: GateTools,
  target: GateTarget,
  states: readonly ServiceState[],
  first: RestartsBefore,
  ctx: RunContext,
): Promise<string | null> {
  const databases = target.kind === "sandbox" ? Object.values(target.databases) : app.databases
  return startingService(states, first) ?? (await databaseAtWork(tools.databases, databases, ctx))
}

function versionCheck(wanted: string, got: string | null): GateCheckResult {
  if (got === null) return { name: "version", outcome: "skipped", why: "the app does not tell its version" }
  const same = withoutV(got) === withoutV(wanted)
  return { name: "version", outcome: same ? "passed" : "failed", why: `answered ${got}, ${wanted} is expected` }
}

function withoutV(version: string): string {
  return version.replace(/^v(?=\d)/, "")
}

async function statesOf(app: App, tools: GateTools, target: GateTarget, ctx: RunContext): Promise<readonly ServiceState[]> {
  if (target.kind === "sandbox") return target.sandbox.services(ctx)
  return app.compose === null ? [] : tools.containers.services(app.compose.projectName, ctx)
}

async function restartCounts(app: App, tools: GateTools, target: GateTarget, ctx: RunContext): Promise<RestartsBefore> {
  return new Map((await statesOf(app, tools, target, ctx)).map((state) => [state.containerId, state.restartCount]))
}

type Answer = { readonly body: string; readonly status: number | null } | { readonly problem: string }

async function askHealth(
  health: HealthCheck,
  tools: GateTools,
  target: GateTarget,
  states: readonly ServiceState[],
  ctx: RunContext,
): Promise<Answer> {
  try {
    if (health.command !== null) return await askByCommand(health.command, tools, target, states, ctx)
    if (health.url === null) return { problem: "neither an address nor a command is known" }
    return target.kind === "live" ? await tools.prober.http(health.url, 5000, ctx) : await askInSandbox(health.url, target, states, ctx)
  } catch (thrown) {
    ctx.signal.throwIfAborted()
    return { problem: messageOf(thrown) }
  }
}

async function askByCommand(
  command: NonNullable<HealthCheck["command"]>,
  tools: GateTools,
  target: GateTarget,
  states: readonly ServiceState[],
  ctx: RunContext,
): Promise<Answer> {
  const result = await execIn(command.service, command.argv, tools, target, states, ctx)
  return result.exitCode === 0
    ? { body: result.stdout, status: null }
    : { problem: `${command.argv[0]} ended with ${result.exitCode}: ${result.stderrTail.trim()}` }
}

async function execIn(
  service: string,
  argv: readonly [string, ...string[]],
  tools: GateTools,
  target: GateTarget,
  states: readonly ServiceState[],
  ctx: RunContext,
): Promise<{ exitCode: number; stdout: string; stderrTail: string }> {
  if (target.kind === "sandbox") return target.sandbox.exec(service, argv, { timeoutMs: 10_000 }, ctx)
  const state = states.find((candidate) => candidate.service === service && candidate.state === "running")
  if (state === undefined) throw new HoldfastError("SERVICE_NOT_RUNNING", { what: `the service ${service} does not run` })
  return tools.containers.exec(state.containerId, argv, { timeoutMs: 10_000 }, ctx)
}

/** The host's port means nothing inside: the container port behind it is asked; where that is not known, the same port of each service. */
async function askInSandbox(
  url: string,
  target: GateTarget & { kind: "sandbox" },
  states: readonly ServiceState[],
  ctx: RunContext,
): Promise<Answer> {
  const { port, pathname, search } = new URL(url)
  const published = port === "" ? "80" : port
  const behind = (target.model?.services ?? []).flatMap((service) =>
    service.publishedPorts
      .filter((candidate) => candidate.published === published)
      .map((candidate) => ({ service: service.name, port: candidate.target })),
  )
  let problem = "no service answers"
  for (const place of behind.length > 0 ? behind : states.map((state) => ({ service: state.service, port: Number(published) }))) {
    try {
      return await target.sandbox.probe(place.service, place.port, pathname + search, ctx)
    } catch (thrown) {
      problem = messageOf(thrown)
    }
  }
  return { problem }
}

async function runCheck(
  check: AppCheck,
  app: App,
  tools: GateTools,
  target: GateTarget,
  states: readonly ServiceState[],
  ctx: RunContext,
): Promise<GateCheckResult> {
  try {
    const problem = await ask(check, app, tools, target, states, ctx)
    if (problem !== null && typeof problem === "object") return { name: check.name, outcome: "skipped", why: problem.skipped }
    return { name: check.name, outcome: problem === null ? "passed" : "failed", why: problem ?? "as expected" }
  } catch (thrown) {
    ctx.signal.throwIfAborted()
    return { name: check.name, outcome: "failed", why: messageOf(thrown) }
  }
}

async function ask(
  check: AppCheck,
  app: App,
  tools: GateTools,
  target: GateTarget,
  states: readonly ServiceState[],
  ctx: RunContext,
): Promise<string | null | { skipped: string }> {
  if (check.kind === "sql") return askSql(check, app, tools, target, ctx)
  if (check.kind === "command" && check.service !== null)
    return exitProblem(await execIn(check.service, check.argv, tools, target, states, ctx))
  if (target.kind === "sandbox") return { skipped: "a sandbox has no address on this machine" }
  if (check.kind === "http") return statusProblem((await tools.prober.http(check.url, 5000, ctx)).status, check.expectStatus)
  if (check.kind === "tcp")
    return (await tools.prober.tcp(check.host, check.port, 5000, ctx)) ? null : `nothing accepts connections on ${check.host}:${check.port}`
  if (check.kind === "command") return exitProblem(await tools.commands.run(check.argv, { timeoutMs: 60_000 }, ctx))
  const wanted = hostKeyFingerprint(readFileSync(check.keyFile, "utf8"))
  const offered = await tools.prober.sshHostKey(check.host, check.port, 5000, ctx)
  return offered === wanted ? null : `the host key offered is ${offered}, that of the file is ${wanted}`
}

function statusProblem(got: number, wanted: number): string | null {
  return got === wanted ? null : `answered ${got}, ${wanted} is expected`
}

function exitProblem(result: { exitCode: number; stderrTail: string }): string | null {
  return result.exitCode === 0 ? null : `ended with ${result.exitCode}: ${result.stderrTail.trim()}`
}

async function askSql(
  check: AppCheck & { kind: "sql" },
  app: App,
  tools: GateTools,
  target: GateTarget,
  ctx: RunContext,
): Promise<string | null> {
  const source =
    (target.kind === "sandbox" ? target.databases[check.database] : undefined) ??
    (target.kind === "live" ? app.databases.find(({ name }) => name === check.database) : undefined)
  if (source === undefined) return `there is no database called ${check.database} here`
  const rows = await tools.databases.for(source).query(source, null, check.query, ctx)
  const got = rows[0]?.[0] ?? null
  return got === check.expect ? null : `the query gave ${got ?? "nothing"}, ${check.expect} is expected`
}
