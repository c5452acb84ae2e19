import { createHash } from "node:crypto"
import { once } from "node:events"
import { createReadStream, createWriteStream } from "node:fs"
import { pipeline } from "node:stream/promises"
import type { DumpSource } from "../../app/ports.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { StoredItem, VaultLocation } from "../../vault/ports.ts"
import { openPipe, type NamedPipe } from "../process/pipe.ts"
import type { RunningChild } from "../process/process.ts"
import { requestOf, type ResticTools } from "./call.ts"
import { failureOf } from "./failure.ts"
import { wakeOpeners } from "./wake-openers.ts"

/** What a consumer may leave unread without having missed anything: the padding of an archive, one pipe full. */
const PADDING_BYTES = 128 * 1024

/**
 * Hands restic's output to `consume` through a pipe whose write end we hold as well: the consumer sees the end of the stream only after
 * restic has exited 0, or when the whole run fails anyway. Blobs come from the vault itself, not from the cache.
 */
export async function readStream<T>(
  tools: ResticTools,
  location: VaultLocation,
  item: StoredItem,
  fileName: string,
  consume: (source: DumpSource) => Promise<T>,
  ctx: RunContext,
): Promise<T> {
  await tools.checked(ctx)
  const pipe = await openPipe(tools.processes, tools.scratchDirectory, ctx.signal)
  try {
    const child = startDump(tools, location, item, fileName, pipe.writeFd, ctx)
    return await deliver(child, child.done, pipe, location, item, consume, ctx)
  } finally {
    await pipe.dispose()
  }
}

/** The same with the bytes passing through us, counted and hashed. */
export async function readStreamHashed<T>(
  tools: ResticTools,
  location: VaultLocation,
  item: StoredItem,
  fileName: string,
  consume: (source: DumpSource) => Promise<T>,
  ctx: RunContext,
): Promise<{ value: T; sizeBytes: number; sha256: string }> {
  await tools.checked(ctx)
  const raw = await openPipe(tools.processes, tools.scratchDirectory, ctx.signal)
  const passed = await openPipe(tools.processes, tools.scratchDirectory, ctx.signal)
  try {
    const hash = createHash("sha256")
    const seen = { bytes: 0 }
    const child = startDump(tools, location, item, fileName, raw.writeFd, ctx)
    const relayed = relay(raw, passed.path, (chunk) => {
      hash.update(chunk)
      seen.bytes += chunk.length
      ctx.progress.amount({ bytesDone: seen.bytes })
    })
    const whole = relayed.then(async () => await child.done)
    whole.catch(() => undefined)
    const value = await deliver(child, whole, passed, location, item, consume, ctx)
    return { value, sizeBytes: seen.bytes, sha256: `sha256:${hash.digest("hex")}` }
  } finally {
    await raw.dispose()
    await passed.dispose()
  }
}

function startDump(
  tools: ResticTools,
  location: VaultLocation,
  item: StoredItem,
  fileName: string,
  fd: number,
  ctx: RunContext,
): RunningChild {
  return tools.processes.start(requestOf(tools, location, ["dump", "--no-cache", item.storageId, `/${fileName}`], ctx, { stdout: { fd } }))
}

/**
 * Copies until restic has closed its end; the target's end is not ours to tell. Both are opened by name, so that the streams have
 * descriptors of their own to close; the raw pipe's write end stays open until its reader is there.
 */
async function relay(raw: NamedPipe, target: string, onChunk: (chunk: Buffer) => void): Promise<void> {
  const input = createReadStream(raw.path, { highWaterMark: 1024 * 1024 })
  await once(input, "open")
  raw.closeWrite()
  raw.closeRead()
  await pipeline(
    input,
    async function* pass(source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        onChunk(chunk)
        yield chunk
      }
    },
    createWriteStream(target),
  )
}

type Ending = { exitCode: number | null; signal: string | null; stderrTail: string }
type Outcome<T> = { ok: true; value: T } | { ok: false; reason: unknown }

async function deliver<T>(
  child: RunningChild,
  whole: Promise<Ending>,
  pipe: NamedPipe,
  location: VaultLocation,
  item: StoredItem,
  consume: (source: DumpSource) => Promise<T>,
  ctx: RunContext,
): Promise<T> {
  const attempt = { what: `cannot read ${item.tags.part}`, otherwise: "VAULT_READ_FAILED" } as const
  const failed = new AbortController()
  const delivered = outcomeOf(whole.then((ended) => refuseFailure(ended.exitCode === 0 ? null : failureOf(ended, location, attempt))))
  const consumed = outcomeOf(consume({ fd: pipe.readFd, path: pipe.path, signal: failed.signal }))
  const first = await Promise.race([consumed.then(() => "consumer"), delivered.then(() => "engine")])
  if (first === "consumer") return await finishReading(child, delivered, await consumed, pipe, item)
  const broken = await delivered
  if (!broken.ok) failed.abort(broken.reason)
  pipe.closeWrite()
  // A container may open its end by name only now; without a writer that would wait for ever.
  const waking = wakeOpeners(pipe.path, delivered, "writer", ctx)
  const outcome = await consumed.finally(waking.stop)
  valueOf(broken)
  return valueOf(outcome)
}

function refuseFailure(failure: Error | null): void {
  if (failure !== null) throw failure
}

/** The consumer was done before restic: it failed, or left nothing but padding. */
async function finishReading<T>(
  child: RunningChild,
  delivered: Promise<Outcome<void>>,
  consumed: Outcome<T>,
  pipe: NamedPipe,
  item: StoredItem,
): Promise<T> {
  if (!consumed.ok) await endReading(child, pipe)
  const value = valueOf(consumed)
  const left = await drain(pipe, delivered)
  valueOf(await delivered)
  if (left > PADDING_BYTES) throw unread(item, left)
  return value
}

async function outcomeOf<T>(work: Promise<T>): Promise<Outcome<T>> {
  return await work.then(
    (value) => ({ ok: true as const, value }),
    (reason: unknown) => ({ ok: false as const, reason }),
  )
}

function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value
  throw outcome.reason
}

/** The consumer has failed: restic may be waiting for someone to read. */
async function endReading(child: RunningChild, pipe: NamedPipe): Promise<void> {
  const gone = child.end()
  pipe.closeWrite()
  await drain(pipe, gone)
  await gone
}

/** Reads and throws away what the consumer has left, so that restic can end; says how much it was. */
async function drain(pipe: NamedPipe, ended: Promise<unknown>): Promise<number> {
  let left = 0
  void ended.then(pipe.closeWrite, pipe.closeWrite)
  for await (const chunk of createReadStream("", { fd: pipe.readFd, autoClose: false })) left += Buffer.from(chunk).length
  return left
}

function unread(item: StoredItem, left: number): HoldfastError {
  return new HoldfastError("VAULT_READ_FAILED", { what: `${item.tags.part} was not read to its end`, why: `${left} bytes were left` })
}
