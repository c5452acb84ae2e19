import { HoldfastError, isHoldfastError, messageOf } from "../../base/errors.ts"
import type { OperationOutcome } from "../../operation/ports.ts"
import { refuseBusy } from "../../operation/run-operation.ts"
import type { House } from "../house/house.ts"
import { createEventTrail, type EventTrail, type OperationEvent, type OperationListener } from "./operation-events.ts"
import { createTurnstile, type Waiting } from "./turnstile.ts"

export interface RunRequest {
  /** Shown to whoever is refused meanwhile: `holdfast backup chat (panel, ada)`. Without secrets. */
  readonly command: string
  readonly app: string
}

/** How a run ended. `ended` never rejects: an error is a member of it. */
export interface OperationEnd {
  readonly operationId: string | null
  /** Null: it could not be ended and is settled later, or nothing was recorded. */
  readonly outcome: OperationOutcome | null
  readonly errorCode: string | null
  readonly message: string | null
  /** What the verb returned; undefined when it threw. */
  readonly result: unknown
  /** What it threw; null when it did not. */
  readonly error: unknown
}

export interface StartedRun {
  /** Null: there was nothing to do, so nothing was recorded, and `ended` is there already. */
  readonly operationId: string | null
  readonly ended: Promise<OperationEnd>
}

/** Runs verbs in the background of this process. */
export interface Runner {
  /**
   * Resolves as soon as the operation is recorded, which may have to wait for others (see `waiting`). Throws what the verb threw before
   * that: OPERATION_BUSY at once when somebody works on the app, guard errors, OPERATION_CANCELLED when the runner is closed.
   * @param run gets a house of its own: its progress is what `watch` sees, its signal ends with the service's
   */
  start(request: RunRequest, run: (house: House) => Promise<unknown>): Promise<StartedRun>
  /** Live events from now on, of an operation of this process; ends when the returned function is called. */
  watch(operationId: string, listener: OperationListener): () => void
  /** Events so far; empty for an operation of another process and some minutes after the end. */
  recent(operationId: string): readonly OperationEvent[]
  /** Runs that have not begun because enough others are under way. */
  waiting(): readonly Waiting[]
  /** Cancels what runs and resolves when all of it has ended. Nothing starts afterwards. */
  close(): Promise<void>
}

interface Trail {
  readonly events: EventTrail
  endedMs: number | null
}

const AT_ONCE = 2
const KEEP_EVENTS_MS = 10 * 60_000
const NOTHING = (): void => undefined

export function createRunner(house: House, options: { readonly atOnce?: number } = {}): Runner {
  const trails = new Map<string, Trail>()
  const turnstile = createTurnstile(options.atOnce ?? AT_ONCE)
  const running = new Set<Promise<OperationEnd>>()
  const closing = new AbortController()

  const sweep = (): void => {
    const nowMs = house.clock.monotonicMs()
    for (const [id, { endedMs }] of trails) if (endedMs !== null && nowMs - endedMs > KEEP_EVENTS_MS) trails.delete(id)
  }
  return {
    start: async (request, run) => {
      sweep()
      closing.signal.throwIfAborted()
      await refuseBusy(await house.operationTools(), request.app, house.clock.now())
      const leave = await turnstile.enter({ ...request, since: house.clock.now() })
      const { recorded, ended } = launch({ house, request, run, trails, closing: closing.signal })
      const tracked = ended.finally(leave)
      running.add(tracked)
      void tracked.then(() => running.delete(tracked))
      return await whenRecorded(recorded, tracked)
    },
    watch: (operationId, listener) => {
      sweep()
      return trails.get(operationId)?.events.watch(listener) ?? NOTHING
    },
    recent: (operationId) => {
      sweep()
      return trails.get(operationId)?.events.recent() ?? []
    },
    waiting: turnstile.waiting,
    close: async () => {
      closing.abort(new HoldfastError("OPERATION_CANCELLED", { what: "the operation was cancelled", why: "the service was stopped" }))
      turnstile.close()
      await Promise.all(running)
    },
  }
}

async function whenRecorded(recorded: Promise<string>, ended: Promise<OperationEnd>): Promise<StartedRun> {
  const first = await Promise.race([recorded, ended])
  if (typeof first === "string") return { operationId: first, ended }
  if (first.operationId === null && first.error !== null) throw asError(first.error)
  return { operationId: first.operationId, ended }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown))
}

interface Launch {
  readonly house: House
  readonly request: RunRequest
  readonly run: (house: House) => Promise<unknown>
  readonly trails: Map<string, Trail>
  readonly closing: AbortSignal
}

function launch({ house, request, run, trails, closing }: Launch): { recorded: Promise<string>; ended: Promise<OperationEnd> } {
  const trail: Trail = { events: createEventTrail(house.clock), endedMs: null }
  const { signal, release } = following(house.signal, closing)
  const recorded = Promise.withResolvers<string>()
  let operationId: string | null = null
  const own = houseOfRun(house, request.command, signal, trail, (id) => {
    trails.set(id, trail)
    operationId ??= id
    recorded.resolve(operationId)
  })
  const ended = async (): Promise<OperationEnd> => {
    const end = await endOf(async () => await run(own))
    release()
    const told = await asRecorded(house, operationId, end)
    trail.endedMs = house.clock.monotonicMs()
    const { outcome, errorCode, message } = told
    trail.events.tell({ kind: "ended", at: house.clock.now(), outcome, errorCode, message })
    return told
  }
  return { recorded: recorded.promise, ended: ended() }
}

function houseOfRun(house: House, command: string, signal: AbortSignal, trail: Trail, record: (id: string) => void): House {
  const { progress } = trail.events
  return {
    ...house,
    command,
    signal,
    progress,
    base: () => ({ signal, progress, log: house.log, clock: house.clock, onRecorded: ({ id }) => record(id) }),
  }
}

/** A signal of its own, let go at the end: signals made of one that lives as long as the service would pile up on it. */
function following(...signals: readonly AbortSignal[]): { signal: AbortSignal; release: () => void } {
  const own = new AbortController()
  const listeners = signals.map((signal) => {
    const follow = (): void => own.abort(signal.reason)
    if (signal.aborted) follow()
    else signal.addEventListener("abort", follow, { once: true })
    return { signal, follow }
  })
  return { signal: own.signal, release: () => listeners.forEach(({ signal, follow }) => signal.removeEventListener("abort", follow)) }
}

type Ending = Pick<OperationEnd, "result" | "error">

async function endOf(run: () => Promise<unknown>): Promise<Ending> {
  try {
    return { result: await run(), error: null }
  } catch (error) {
    return { result: undefined, error }
  }
}

/** What the store says of it, because that is what everybody else sees. */
async function asRecorded(house: House, operationId: string | null, ending: Ending): Promise<OperationEnd> {
  const message = ending.error === null ? null : messageOf(ending.error)
  const errorCode = isHoldfastError(ending.error) ? ending.error.code : ending.error === null ? null : "BUG"
  const unknown: OperationEnd = { operationId, outcome: null, errorCode, message, ...ending }
  if (operationId === null) return unknown
  try {
    const record = await (await house.use.store()).operation(operationId)
    if (record === null || record.finishedAt === null) return unknown
    return { ...unknown, outcome: record.outcome, errorCode: record.errorCode ?? errorCode, message: record.message ?? message }
  } catch (thrown) {
    house.log.error("the end of an operation could not be read", { operationId, why: messageOf(thrown) })
    return unknown
  }
}
