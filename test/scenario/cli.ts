/** The program as an operator runs it: `./holdfast` as a process of its own, with a state directory of its own. */
import { spawn } from "node:child_process"
import { join } from "node:path"
import type { z } from "zod"
import { errorOutput, type ErrorOutput } from "../../src/contract/output.ts"

export interface CliPlace {
  /** Where the program is called. */
  readonly cwd: string
  readonly stateDirectory: string
  /** Added to a bare environment: PATH, HOME (the state directory) and the engine's address. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface CliRun {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly durationMs: number
}

export interface StartedCli {
  readonly processId: number
  readonly done: Promise<CliRun>
  kill(signal: NodeJS.Signals): void
  /** What it has written to standard error so far. */
  said(): string
}

export interface Cli {
  readonly place: CliPlace
  /** Starts it and does not wait. */
  start(...words: readonly string[]): StartedCli
  /** Any end is a value. */
  run(...words: readonly string[]): Promise<CliRun>
  /** Adds `--json`; exit code 0 (or `exitCode`) is required, and the document must fit the schema. */
  json<T>(schema: z.ZodType<T>, words: readonly string[], exitCode?: number): Promise<T>
  /** Adds `--json`; it must fail, with an error document whose exit code is the process's own. */
  error(...words: readonly string[]): Promise<ErrorOutput["error"]>
}

const LAUNCHER = join(import.meta.dirname, "../../holdfast")
const PASSED_ON = ["PATH", "TMPDIR", "DOCKER_HOST", "NODE_COMPILE_CACHE"] as const

export function cliIn(place: CliPlace): Cli {
  const start = (...words: readonly string[]): StartedCli => startCli(place, words)
  const run = async (...words: readonly string[]): Promise<CliRun> => await start(...words).done
  return {
    place,
    start,
    run,
    json: async (schema, words, exitCode = 0) => {
      const ended = await run(...words, "--json")
      if (ended.exitCode !== exitCode) throw new Error(describeRun(words, ended))
      return parseDocument(schema, words, ended)
    },
    error: async (...words) => {
      const ended = await run(...words, "--json")
      const { error } = parseDocument(errorOutput, words, ended)
      if (error.exitCode !== ended.exitCode) throw new Error(`the document says exit code ${error.exitCode}\n${describeRun(words, ended)}`)
      return error
    },
  }
}

/** For the message of a failed expectation: the words, the end and everything that was said. */
export function describeRun(words: readonly string[], ended: CliRun): string {
  const end = ended.signal === null ? `exit code ${ended.exitCode ?? "none"}` : `signal ${ended.signal}`
  return `holdfast ${words.join(" ")}: ${end} after ${Math.round(ended.durationMs)} ms\n${ended.stdout.slice(-6000)}\n${ended.stderr.slice(-6000)}`
}

function parseDocument<T>(schema: z.ZodType<T>, words: readonly string[], ended: CliRun): T {
  try {
    return schema.parse(JSON.parse(ended.stdout))
  } catch (cause) {
    throw new Error(`not the document that is expected: ${String(cause)}\n${describeRun(words, ended)}`, { cause })
  }
}

function startCli(place: CliPlace, words: readonly string[]): StartedCli {
  const started = performance.now()
  const child = spawn(LAUNCHER, [...words], { cwd: place.cwd, env: environmentOf(place), stdio: ["ignore", "pipe", "pipe"] })
  let [stdout, stderr] = ["", ""]
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text))
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text))
  const done = new Promise<CliRun>((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr, durationMs: performance.now() - started }))
  })
  return { processId: child.pid ?? 0, done, kill: (signal) => void child.kill(signal), said: () => stderr }
}

function environmentOf(place: CliPlace): Record<string, string> {
  const passed = PASSED_ON.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(passed), HOME: place.stateDirectory, HOLDFAST_STATE_DIR: place.stateDirectory, ...place.environment }
}
