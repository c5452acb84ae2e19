import type { DumpSink } from "../../app/ports.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { ItemTags, StoredSummary, VaultLocation } from "../../vault/ports.ts"
import { openPipe } from "../process/pipe.ts"
import type { ChildResult, RunningChild } from "../process/process.ts"
import { backupArguments, backupOutput, storedSummary, type BackupOutput } from "./backup-output.ts"
import { requestOf, run, type ResticTools } from "./call.ts"
import { failureOf, type Ended } from "./failure.ts"
import { wakeOpeners } from "./wake-openers.ts"

/** What restic prints once it has taken note of SIGTERM: from then on the end of the stream no longer makes a snapshot. */
const STOPPING = /signal (terminated|interrupt) received/
const NOTICE_LIMIT_MS = 3000
/** `no data read` ends with this code and yet with a snapshot; the caller judges an empty stream by its size. */
const EMPTY_STREAM = /no data read/

/**
 * Feeds restic's standard input from a pipe whose write end we hold, and close only after `produce` has resolved: the end of a stream
 * after a dead producer would store a truncated dump as a success (design §5).
 */
export async function storeStream<T>(
  tools: ResticTools,
  location: VaultLocation,
  tags: ItemTags,
  fileName: string,
  produce: (sink: DumpSink) => Promise<T>,
  ctx: RunContext,
): Promise<{ stored: StoredSummary; produced: T }> {
  await tools.checked(ctx)
  ctx.signal.throwIfAborted()
  const pipe = await openPipe(tools.processes, tools.scratchDirectory, ctx.signal)
  try {
    const engine = startEngine(tools, location, tags, fileName, pipe.readFd, ctx)
    pipe.closeRead()
    const waking = wakeOpeners(pipe.path, engine.child.done, "reader", ctx)
    const over = new AbortController()
    const produced = await Promise.race([outcomeOf(produce({ fd: pipe.writeFd, path: pipe.path })), aborted(ctx, over.signal)]).finally(
      () => {
        waking.stop()
        over.abort()
      },
    )
    if (!produced.ok) throw await giveUp(tools, location, tags, engine, pipe.closeWrite, produced.reason, ctx)
    pipe.closeWrite()
    const ended = await orAborted(engine, ctx)
    if (ended.exitCode !== 0 && !isEmptyStream(ended, engine.output)) throw failureOf(ended, location, attemptOf(tags))
    return { stored: await storedSummary(tools, location, tags, engine.output, ctx), produced: produced.value }
  } finally {
    await pipe.dispose()
  }
}

interface Engine {
  readonly child: RunningChild
  readonly output: BackupOutput
  /** Resolves when restic says that it is stopping. */
  readonly stopping: Promise<void>
}

function startEngine(tools: ResticTools, location: VaultLocation, tags: ItemTags, fileName: string, fd: number, ctx: RunContext): Engine {
  const output = backupOutput(ctx)
  const { promise: stopping, resolve } = Promise.withResolvers<void>()
  const child = tools.processes.start(
    requestOf(tools, location, backupArguments(tags, "--stdin", `--stdin-filename=${fileName}`), ctx, {
      stdin: { fd },
      stdout: { onLine: output.onLine },
      onStderrLine: (line) => {
        if (STOPPING.test(line)) resolve()
        output.onStderrLine(line)
      },
      // We end it ourselves, in the order that keeps a truncated stream from being stored.
      signal: new AbortController().signal,
    }),
  )
  return { child, output, stopping }
}

type Outcome<T> = { ok: true; value: T } | { ok: false; reason: unknown }

async function outcomeOf<T>(work: Promise<T>): Promise<Outcome<T>> {
  return await work.then(
    (value) => ({ ok: true as const, value }),
    (reason: unknown) => ({ ok: false as const, reason }),
  )
}

/** Resolves when the run is cancelled; stops listening when `over`. */
async function aborted(ctx: RunContext, over: AbortSignal): Promise<{ ok: false; reason: unknown }> {
  return await new Promise((resolve) => {
    const settle = (): void => resolve({ ok: false, reason: ctx.signal.reason })
    if (ctx.signal.aborted) settle()
    ctx.signal.addEventListener("abort", settle, { once: true, signal: over })
  })
}

async function orAborted(engine: Engine, ctx: RunContext): Promise<ChildResult> {
  const onAbort = (): void => void engine.child.end()
  ctx.signal.addEventListener("abort", onAbort, { once: true })
  try {
    const ended = await engine.child.done
    ctx.signal.throwIfAborted()
    return ended
  } finally {
    ctx.signal.removeEventListener("abort", onAbort)
  }
}

function attemptOf(tags: ItemTags) {
  return { what: `cannot store ${tags.part}`, otherwise: "VAULT_WRITE_FAILED" } as const
}

function isEmptyStream(ended: Ended, output: BackupOutput): boolean {
  const errors = output.errors()
  return ended.exitCode === 3 && errors.length > 0 && errors.every((error) => EMPTY_STREAM.test(error.message))
}

/** Ends restic before it sees the end of the stream, and returns the error that tells the truth: whoever died first. */
async function giveUp(
  tools: ResticTools,
  location: VaultLocation,
  tags: ItemTags,
  engine: Engine,
  closeWrite: () => void,
  reason: unknown,
  ctx: RunContext,
): Promise<unknown> {
  const beganMs = ctx.clock.monotonicMs()
  const gone = engine.child.end()
  await noticed(engine, gone, ctx)
  closeWrite()
  await gone
  const ended = await engine.child.done
  if (ended.exitCode === 0) await discard(tools, location, engine.output, ctx)
  const killedByUs = ended.signal === "SIGTERM" || ctx.clock.monotonicMs() - beganMs >= 9000
  if (ctx.signal.aborted || ended.exitCode === 0 || killedByUs || STOPPING.test(ended.stderrTail)) return reason
  return failureOf(ended, location, attemptOf(tags))
}

/** Waits until restic has taken note of SIGTERM; when it does not, only SIGKILL is left, with the stream still open. */
async function noticed(engine: Engine, gone: Promise<void>, ctx: RunContext): Promise<void> {
  const limit = new AbortController()
  const timer = ctx.clock.sleep(NOTICE_LIMIT_MS, limit.signal).then(
    () => true,
    () => false,
  )
  const late = await Promise.race([engine.stopping.then(() => false), gone.then(() => false), timer])
  limit.abort()
  if (late) await gone
}

/** Belt and braces: restic finished although it was told to stop. */
async function discard(tools: ResticTools, location: VaultLocation, output: BackupOutput, ctx: RunContext): Promise<void> {
  const summary = output.summary()
  if (summary === null) return
  const attempt = { what: "cannot discard a truncated stream", otherwise: "VAULT_WRITE_FAILED" } as const
  await run(tools, location, ["forget", summary.snapshotId], attempt, { ...ctx, signal: new AbortController().signal })
}
