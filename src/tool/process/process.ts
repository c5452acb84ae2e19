/** The only room that starts child processes: argv arrays, no shell, allow-listed environment, bounded output, the whole group ended with us. */
import { spawn, type ChildProcess } from "node:child_process"
import type { Clock } from "../../base/clock.ts"
import { HoldfastError } from "../../base/errors.ts"
import { Secret } from "../../base/secret.ts"
import { endingOf, watchChild } from "./ending.ts"
import { lineReader, tailReader, textReader, type OutputReader } from "./output.ts"

export interface ChildRequest {
  readonly argv: readonly [string, ...string[]]
  /** Added to the allow-listed base environment. Secrets travel here or on standard input, never in argv. */
  readonly environment?: Readonly<Record<string, string | Secret>>
  readonly cwd?: string
  /** Nothing by default. */
  readonly stdin?: { readonly fd: number } | { readonly text: string | Secret }
  /** Captured as text by default. */
  readonly stdout?: { readonly fd: number } | { readonly onLine: (line: string) => void }
  /** Also gets each line of standard error, for tools that report progress there. */
  readonly onStderrLine?: (line: string) => void
  readonly signal: AbortSignal
  readonly timeoutMs?: number
  /** Time between SIGTERM and SIGKILL when it is ended. */
  readonly killAfterMs?: number
  /** A captured output over this size fails the run. */
  readonly maxOutputBytes?: number
}

export interface ChildResult {
  /** Null when it died from a signal. */
  readonly exitCode: number | null
  readonly signal: string | null
  readonly stdout: string
  /** The last 64 KiB of standard error. */
  readonly stderrTail: string
  readonly durationMs: number
}

export interface RunningChild {
  readonly processId: number
  /** Resolves when the child and its output have ended, whatever its exit code; rejects when it was cancelled, timed out or not found. */
  readonly done: Promise<ChildResult>
  /** SIGTERM to its group, SIGKILL after the limit; resolves when it is gone. */
  end(): Promise<void>
}

export interface Processes {
  /** Returns as soon as the child exists, so that the caller can close descriptors it handed over. */
  start(request: ChildRequest): RunningChild
  run(request: ChildRequest): Promise<ChildResult>
}

export interface ProcessOptions {
  /** The allow-listed base environment of every child (PATH, HOME, DOCKER_HOST, …). */
  readonly environment: Readonly<Record<string, string>>
  readonly clock: Clock
  /** Absolute path of util-linux `setpriv`, which makes children die with us (F5); null where there is none. */
  readonly setpriv: string | null
}

/** What setpriv itself says when the program is not there. */
const WRAPPER_FAILED = /^setpriv: failed to execute /
const DEFAULT_KILL_AFTER_MS = 10_000
const DEFAULT_MAX_OUTPUT_BYTES = 64 * 1024 * 1024

/** Builds the room. Throws nothing; a missing program is TOOL_MISSING when it is started. */
export function createProcesses(options: ProcessOptions): Processes {
  const start = (request: ChildRequest): RunningChild => startChild(request, options)
  return { start, run: async (request) => await start(request).done }
}

function startChild(request: ChildRequest, options: ProcessOptions): RunningChild {
  const startedMs = options.clock.monotonicMs()
  const stdout = stdoutReader(request)
  const stderr = tailReader(request.onStderrLine)
  const [file, ...args] = withDeathSignal(request.argv, options.setpriv)
  const child = spawn(file, args, {
    cwd: request.cwd,
    env: revealAll({ ...options.environment, ...request.environment }),
    stdio: descriptorsOf(request),
    detached: true,
  })
  const ended = endOf(child)
  feed(child, request)
  const ending = endingOf(child.pid, request.killAfterMs ?? DEFAULT_KILL_AFTER_MS)
  const stop = watchChild({
    signal: request.signal,
    timeoutMs: request.timeoutMs,
    ending,
    output: stdout,
    timeoutReason: () => timedOut(request),
    overflowReason: () => tooMuchOutput(request),
  })
  child.stdout?.on("data", (chunk: Uint8Array) => {
    stdout.push(chunk)
    stop.check()
  })
  child.stderr?.on("data", stderr.push)
  const done = ended.then((result): ChildResult => {
    stop.release()
    stdout.finish()
    stderr.finish()
    if (child.pid === undefined) throw notStarted(request, result.failure)
    if (WRAPPER_FAILED.test(stderr.text())) throw notStarted(request, stderr.text())
    stop.throwIfEnded()
    return {
      exitCode: result.exitCode,
      signal: result.signal,
      stdout: stdout.text(),
      stderrTail: stderr.text(),
      durationMs: options.clock.monotonicMs() - startedMs,
    }
  })
  // A caller may await `done` only after other work; a rejection before that is not unhandled.
  done.catch(() => undefined)
  return {
    processId: child.pid ?? -1,
    done,
    end: async () => {
      ending.begin()
      await done.catch(() => undefined)
    },
  }
}

function descriptorsOf(request: ChildRequest): [number | "ignore" | "pipe", number | "pipe", "pipe"] {
  const stdout = request.stdout && "fd" in request.stdout ? request.stdout.fd : "pipe"
  if (request.stdin === undefined) return ["ignore", stdout, "pipe"]
  return ["fd" in request.stdin ? request.stdin.fd : "pipe", stdout, "pipe"]
}

/** A child that ends without reading its input (EPIPE) is judged by its exit code, not by the broken pipe. */
function feed(child: ChildProcess, request: ChildRequest): void {
  if (request.stdin === undefined || "fd" in request.stdin) return
  const text = request.stdin.text
  child.stdin?.on("error", () => undefined)
  child.stdin?.end(text instanceof Secret ? text.reveal() : text)
}

const LINGER_MS = 3000

/**
 * A child that has exited may leave a daemon behind that still holds its output (`run.start` of a plain program does just that). What
 * the child itself wrote is read by then; the daemon is not waited for.
 */
function letGoOf(child: ChildProcess): void {
  const timer = setTimeout(() => {
    child.stdout?.destroy()
    child.stderr?.destroy()
  }, LINGER_MS)
  child.on("close", () => clearTimeout(timer))
}

/** Resolves once: when the child has exited and its output is read to the end, or could not be started. */
async function endOf(child: ChildProcess): Promise<{ exitCode: number | null; signal: string | null; failure: string }> {
  return await new Promise((resolve) => {
    let failure = ""
    child.on("error", (error) => {
      failure = error.message
      if (child.pid === undefined) resolve({ exitCode: null, signal: null, failure })
    })
    child.on("exit", () => letGoOf(child))
    child.on("close", (exitCode, signal) => resolve({ exitCode, signal, failure }))
  })
}

function stdoutReader(request: ChildRequest): OutputReader {
  if (request.stdout && "onLine" in request.stdout) return lineReader(request.stdout.onLine)
  return textReader(request.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES)
}

function withDeathSignal(argv: ChildRequest["argv"], setpriv: string | null): [string, ...string[]] {
  return setpriv === null ? [...argv] : [setpriv, "--pdeathsig", "KILL", "--", ...argv]
}

function revealAll(environment: Readonly<Record<string, string | Secret>>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]))
}

function programOf(request: ChildRequest): string {
  return request.argv[0]
}

function notStarted(request: ChildRequest, why: string): HoldfastError {
  return new HoldfastError("TOOL_MISSING", { what: `${programOf(request)} could not be started`, why })
}

function timedOut(request: ChildRequest): HoldfastError {
  return new HoldfastError("TOOL_TIMEOUT", { what: `${programOf(request)} did not finish within ${request.timeoutMs ?? 0} ms` })
}

function tooMuchOutput(request: ChildRequest): HoldfastError {
  return new HoldfastError("TOOL_FAILED", { what: `${programOf(request)} printed more than is plausible` })
}
