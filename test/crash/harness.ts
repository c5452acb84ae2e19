/** Kills the real program at every write to its journal, settles with the next command, and asks whether the invariants hold (faults A 1-4). */
import { spawn, type ChildProcess } from "node:child_process"
import { readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import type { KillPoint } from "./killing-store.ts"

/** One fresh world for one kill. */
export interface CrashWorld {
  /** A private directory for this world; the harness keeps its trace file in it. */
  readonly directory: string
  /** The command that is killed. */
  readonly words: readonly string[]
  /** The next command; it settles what the killed one left. */
  readonly settleWords: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** What happens to the machine between the kill and the next command. */
  readonly beforeSettling?: (() => Promise<void>) | undefined
  dispose(): Promise<void>
}

export interface CrashMatrix {
  /** A file that runs the program with `killingStore`; the real program's own (`test/crash/entry.ts`) when left out. */
  readonly entry?: string
  prepare(): Promise<CrashWorld>
  /** Throws when an invariant is broken. `killedAt` is null after the run that nothing interrupted. */
  check(world: CrashWorld, killedAt: ReachedPoint | null): Promise<void>
  /** `before` alone meets every step once (done, but not recorded); both for the whole matrix. */
  readonly phases: readonly KillPoint["phase"][]
  /** The settling command is killed as well, at each of these writes in turn, before it may finish: a crash during crash recovery. */
  readonly killSettlingAt?: readonly number[]
  /**
   * Instead of a kill: the run is stopped there, this happens to the machine, and the run goes on and ends as it likes. `end` comes before
   * the settling.
   */
  readonly trouble?: Trouble
  /** Only these writes; all when left out. `first`: none before it has the same label. */
  readonly only?: (label: string, first: boolean) => boolean
  /** What a run that nothing interrupts ends with (default 0). */
  readonly exitCode?: number
  /** The writes of such a run where an earlier matrix has made it; it is made otherwise. */
  readonly writes?: readonly string[]
}

export interface Trouble {
  readonly begin: () => Promise<void>
  readonly end: () => Promise<void>
}

export interface ReachedPoint {
  readonly phase: KillPoint["phase"]
  /** Which write of the whole run, from 1. */
  readonly write: number
  /** What was being written: `beginStep capture`. */
  readonly label: string
  /** Which of those with this label, from 1. */
  readonly ofLabel: number
}

export interface CrashReport {
  readonly points: readonly (ReachedPoint & { readonly settledInMs: number })[]
  /** Every write of a run that nothing interrupts. */
  readonly writes: readonly string[]
}

/** Invariant 2: settled without a human in this time. */
const SETTLE_LIMIT_MS = 60_000
const RUN_LIMIT_MS = 180_000
/** The program is the same hundreds of times. */
export const COMPILE_CACHE = process.env["NODE_COMPILE_CACHE"] ?? join(tmpdir(), "holdfast-test-compile-cache")

/**
 * Walks the whole matrix. Throws when a run that nothing interrupts fails, a kill point is not reached (a dead row), settling fails or
 * takes a minute, or `check` throws; the message names the kill point.
 */
export async function walkCrashMatrix(matrix: CrashMatrix): Promise<CrashReport> {
  const entry = matrix.entry ?? join(import.meta.dirname, "entry.ts")
  const writes = matrix.writes ?? (await inWorld(matrix, async (world) => await cleanRun(matrix, entry, world)))
  const points: CrashReport["points"][number][] = []
  for (const [index, label] of writes.entries()) {
    if (matrix.only !== undefined && !matrix.only(label, writes.indexOf(label) === index)) continue
    for (const phase of matrix.phases) {
      if (isSameAsNext(phase, label, writes[index + 1], matrix)) continue
      const ofLabel = writes.slice(0, index + 1).filter((one) => one === label).length
      const point = { phase, write: index + 1, label, ofLabel }
      points.push({ ...point, settledInMs: await inWorld(matrix, async (world) => await killedRun(matrix, entry, world, point)) })
    }
  }
  if (points.length === 0) throw new Error(`no write was chosen to be killed at: ${writes.join(", ")}`)
  return { points, writes }
}

/** Between the end of a step and the begin of the next nothing happens: the kill after the one is the kill before the other. */
function isSameAsNext(phase: KillPoint["phase"], label: string, next: string | undefined, matrix: CrashMatrix): boolean {
  return phase === "after" && label.startsWith("endStep") && next?.startsWith("beginStep") === true && matrix.phases.includes("before")
}

/** The matrix as a table for the evidence: kill point and time to settle. */
export function crashTable(report: CrashReport): readonly string[] {
  return report.points.map((point) => `${describePoint(point).padEnd(48)} settled in ${(point.settledInMs / 1000).toFixed(1)} s`)
}

async function inWorld<T>(matrix: CrashMatrix, use: (world: CrashWorld) => Promise<T>): Promise<T> {
  const world = await matrix.prepare()
  try {
    return await use(world)
  } finally {
    await world.dispose()
  }
}

async function cleanRun(matrix: CrashMatrix, entry: string, world: CrashWorld): Promise<readonly string[]> {
  const ended = await run(entry, world, world.words, null)
  if (ended.exitCode !== (matrix.exitCode ?? 0)) throw new Error(`the run that nothing interrupts failed\n${describeEnd(ended)}`)
  await matrix.check(world, null)
  if (ended.trace.length === 0) throw new Error("the run that nothing interrupts wrote nothing: there is no point to kill it at")
  return ended.trace
}

async function killedRun(matrix: CrashMatrix, entry: string, world: CrashWorld, point: ReachedPoint): Promise<number> {
  const ended = await interruptedRun(matrix, entry, world, point)
  await world.beforeSettling?.()
  for (const write of matrix.killSettlingAt ?? []) await run(entry, world, world.settleWords, { phase: "before", write })
  const settled = await run(entry, world, world.settleWords, null)
  if (settled.exitCode !== 0) throw new Error(`settling failed after ${describePoint(point)}\n${describeEnd(settled)}`)
  if (settled.durationMs > SETTLE_LIMIT_MS) throw new Error(`settling took ${settled.durationMs} ms after ${describePoint(point)}`)
  try {
    await matrix.check(world, point)
  } catch (cause) {
    throw new Error(
      `an invariant is broken after ${describePoint(point)}: ${String(cause)}\n${describeEnd(ended)}\n${describeEnd(settled)}`,
      {
        cause,
      },
    )
  }
  return settled.durationMs
}

async function interruptedRun(matrix: CrashMatrix, entry: string, world: CrashWorld, point: ReachedPoint): Promise<Ended> {
  const { trouble } = matrix
  if (trouble === undefined) {
    const killed = await run(entry, world, world.words, killPointOf(point))
    if (killed.signal !== "SIGKILL") throw new Error(`${describePoint(point)} was not reached\n${describeEnd(killed)}`)
    return killed
  }
  let met = false
  const ended = await run(entry, world, world.words, killPointOf(point), async () => {
    met = true
    await trouble.begin()
  })
  if (met) await trouble.end()
  if (!met || ended.signal !== null)
    throw new Error(`trouble ${point.phase} ${point.label}: not met, or not survived\n${describeEnd(ended)}`)
  return ended
}

function killPointOf({ phase, label, ofLabel }: ReachedPoint): KillPoint {
  return { phase, write: ofLabel, label }
}

function describePoint(point: ReachedPoint): string {
  return `SIGKILL ${point.phase} write ${point.write} (${point.label})`
}

interface Ended {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly output: string
  readonly trace: readonly string[]
  readonly durationMs: number
}

/** @param meanwhile what happens while the run is stopped at the point; it is killed there when left out */
async function run(
  entry: string,
  world: CrashWorld,
  words: readonly string[],
  point: KillPoint | null,
  meanwhile?: () => Promise<void>,
): Promise<Ended> {
  const trace = join(world.directory, "trace")
  await writeFile(trace, "")
  const started = performance.now()
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry, ...words], {
    cwd: world.directory,
    env: {
      PATH: process.env["PATH"],
      HOME: world.directory,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      ...world.environment,
      HOLDFAST_TEST_TRACE: trace,
      HOLDFAST_TEST_KILL: point === null ? "" : [point.phase, point.write, point.label ?? []].flat().join(":"),
      HOLDFAST_TEST_PAUSE: meanwhile === undefined ? "" : "1",
    },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: RUN_LIMIT_MS,
    killSignal: "SIGABRT",
  })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")))
  const interlude = meanwhile === undefined ? null : whileStopped(child, meanwhile)
  const { exitCode, signal } = await new Promise<Pick<Ended, "exitCode" | "signal">>((resolve, reject) => {
    child.on("error", reject)
    // Not "close": a grandchild that outlives the kill may hold our pipes; whether one does is for `check` to say.
    child.on("exit", (code, name) => resolve({ exitCode: code, signal: name }))
  })
  await interlude
  const durationMs = performance.now() - started
  const lines = (await readFile(trace, "utf8")).split("\n").filter((line) => line !== "")
  await rm(trace, { force: true })
  child.stdout.destroy()
  child.stderr.destroy()
  return { exitCode, signal, output, trace: lines, durationMs }
}

/** Waits until the process has stopped itself, does it, and lets the process go on; ends when it has ended without stopping. */
async function whileStopped(child: ChildProcess, meanwhile: () => Promise<void>): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    const status = await readFile(`/proc/${child.pid}/stat`, "utf8").catch(() => "")
    if (/\) T /.test(status)) {
      try {
        return await meanwhile()
      } finally {
        child.kill("SIGCONT")
      }
    }
    await delay(20)
  }
}

function describeEnd(ended: Ended): string {
  return `exit code ${ended.exitCode ?? "none"}, signal ${ended.signal ?? "none"}\nwrites: ${ended.trace.join(", ")}\n${ended.output}`
}
