import { HoldfastError, isHoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { VaultLocation } from "../../vault/ports.ts"
import type { ChildRequest, ChildResult, Processes } from "../process/process.ts"
import { failureOf, type Attempt, type Ended } from "./failure.ts"
import { watchOutage } from "./outage.ts"

export interface ResticTools {
  readonly processes: Processes
  readonly binary: string
  /** A private directory of ours for pipes and for restic's temporary (encrypted) packs. */
  readonly scratchDirectory: string
  /** How long a call goes on trying while nobody answers; restic itself tries for a quarter of an hour. */
  readonly outagePatienceMs: number
  /** Throws when the binary is missing or too old; asked before the first call. */
  readonly checked: (ctx: RunContext) => Promise<void>
}

/** How long a call waits for another run's exclusive lock before it fails. */
const LOCK_PATIENCE = "5m"
/** A long listing: 50,000 items are about 40 MB. */
const MAX_OUTPUT_BYTES = 512 * 1024 * 1024
/** SIGTERM lets restic remove its lock; a server that does not answer may keep it from that. */
const KILL_AFTER_MS = 10_000

export type RequestExtras = Omit<ChildRequest, "argv" | "environment" | "signal"> & { readonly signal?: AbortSignal }

/** One call on one vault. The address travels by environment, because it may hold a password. */
export function requestOf(
  tools: ResticTools,
  location: VaultLocation,
  args: readonly string[],
  ctx: RunContext,
  extras: RequestExtras = {},
): ChildRequest {
  refuseOptionLikeHost(location)
  return {
    killAfterMs: KILL_AFTER_MS,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    signal: ctx.signal,
    ...extras,
    argv: [tools.binary, ...globalArguments(location), ...args],
    environment: {
      TMPDIR: tools.scratchDirectory,
      RESTIC_PROGRESS_FPS: "2",
      ...(location.cpus ? { GOMAXPROCS: String(location.cpus) } : {}),
      ...location.environment,
      RESTIC_REPOSITORY: location.url,
    },
  }
}

function globalArguments(location: VaultLocation): string[] {
  return [
    "--json",
    `--password-file=${location.keyFile}`,
    `--cache-dir=${location.cacheDirectory}`,
    `--retry-lock=${LOCK_PATIENCE}`,
    ...location.options.map((option) => `--option=${option}`),
    ...limit("upload", location.uploadKibPerSecond),
    ...limit("download", location.downloadKibPerSecond),
  ]
}

function limit(name: string, kib: number | null): string[] {
  return kib === null ? [] : [`--limit-${name}=${kib}`]
}

/** ssh would take such a host as an option (`-oProxyCommand=…`). */
function refuseOptionLikeHost(location: VaultLocation): void {
  if (!/^[a-z0-9]+:(\/\/)?([^/@]*@)?-/i.test(location.url)) return
  throw new HoldfastError("SETTINGS_INVALID", { what: `vault ${location.name}: the host in its address begins with a dash` })
}

/** Runs restic to its end; every exit code but 0 is a failure, and so is a vault that has not answered for too long. */
export async function run(
  tools: ResticTools,
  location: VaultLocation,
  args: readonly string[],
  attempt: Attempt,
  ctx: RunContext,
  extras: RequestExtras = {},
): Promise<ChildResult> {
  await tools.checked(ctx)
  const outage = watchOutage(tools.outagePatienceMs, (line) => failureOf(unanswered(line), location, unreachable(attempt)), ctx)
  const onStderrLine = (line: string): void => {
    outage.onLine(line)
    extras.onStderrLine?.(line)
  }
  const signal = AbortSignal.any([extras.signal ?? ctx.signal, outage.signal])
  const result = await tools.processes.run(requestOf(tools, location, args, ctx, { ...extras, onStderrLine, signal }))
  if (result.exitCode !== 0) throw failureOf(result, location, attempt)
  return result
}

/**
 * For calls that only ask: restic itself would go on trying for a quarter of an hour when nobody answers.
 * Throws VAULT_UNREACHABLE with what it last said.
 */
export async function ask(
  tools: ResticTools,
  location: VaultLocation,
  args: readonly string[],
  attempt: Attempt,
  ctx: RunContext,
  timeoutMs: number,
): Promise<ChildResult> {
  let last = ""
  let stopping = false
  const onStderrLine = (line: string): void => {
    // What it says after SIGTERM is about that.
    stopping ||= line.includes("signal terminated received")
    if (!stopping && line.trim() !== "") last = line
  }
  try {
    return await run(tools, location, args, attempt, ctx, { timeoutMs, onStderrLine })
  } catch (thrown) {
    if (!isHoldfastError(thrown, "TOOL_TIMEOUT")) throw thrown
    throw failureOf(unanswered(last), location, unreachable(attempt))
  }
}

function unanswered(lastWords: string): Ended {
  return { exitCode: null, signal: null, stderrTail: lastWords }
}

function unreachable(attempt: Attempt): Attempt {
  return { ...attempt, otherwise: "VAULT_UNREACHABLE" }
}
