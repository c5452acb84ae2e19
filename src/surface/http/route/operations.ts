import { z } from "zod"
import { catalog } from "../../../base/error-catalog.ts"
import { HoldfastError } from "../../../base/errors.ts"
import {
  cancelled,
  operationPage,
  operationsPage,
  type Cancelled,
  type OperationEvent,
  type OperationPage,
} from "../../../contract/api/operations.ts"
import type { OperationRecord } from "../../../operation/ports.ts"
import { isUndoable } from "../../../restore/kept.ts"
import { listedOperation, shownOperation } from "../../house/listed-operation.ts"
import type { OperationEvent as RunnerEvent } from "../../service/operation-events.ts"
import { eventStream, type EventSink } from "../event-stream.ts"
import type { Ground } from "../ground.ts"
import { may } from "../guard/who.ts"
import { none, route, streamRoute, type Call, type Route } from "./route.ts"

const listQuery = z.object({ app: z.string().optional(), limit: z.coerce.number().int().min(1).max(500).default(50) })
/** Operations of another process tell nothing here: the store is asked. */
const LOOK_EVERY_MS = 1000

export const operationRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/operations",
    summary: "Operations, newest first.",
    query: listQuery,
    body: none,
    answer: operationsPage,
    handle: async ({ ground, who, query }) => {
      const { store, host } = await ground.house.operationTools()
      const all = may(who, "viewer", query.app ?? null)
      // Whoever may see some apps gets as many of theirs as were asked for.
      const filter = { ...(query.app === undefined ? {} : { app: query.app }), ...(all ? { limit: query.limit } : {}) }
      const records = (await store.operations(filter)).filter((one) => may(who, "viewer", one.app)).slice(0, query.limit)
      return { format: "holdfast.operations" as const, version: 1 as const, operations: records.map((one) => listedOperation(one, host)) }
    },
  }),
  route({
    method: "GET",
    path: "/api/v1/operations/{operation}",
    summary: "One operation: its plan, its steps, why it failed and what to do.",
    query: none,
    body: none,
    answer: operationPage,
    handle: async ({ ground, param }) => await pageOf(ground, param("operation")),
  }),
  route({
    method: "POST",
    path: "/api/v1/operations/{operation}/cancel",
    summary: "Asks an operation to stop cleanly.",
    query: none,
    body: none,
    answer: cancelled,
    audit: "cancel",
    handle: async ({ ground, param, note }) => {
      note(param("operation"))
      return await cancel(ground, param("operation"))
    },
  }),
  streamRoute({
    method: "GET",
    path: "/api/v1/operations/{operation}/events",
    summary: "What an operation tells while it runs, until its end (server-sent events).",
    query: none,
    body: none,
    handle: async (call) => await follow(call),
  }),
  streamRoute({
    method: "GET",
    path: "/api/v1/events",
    summary: "What changes (server-sent events).",
    query: none,
    body: none,
    handle: async ({ ground, who, signal }) =>
      await Promise.resolve(
        eventStream(ground.house.clock, signal, (sink) =>
          ground.live.listen((event) => {
            if (event.type === "settings" || may(who, "viewer", event.app)) sink.send(event)
          }),
        ),
      ),
  }),
]

async function recordOf(ground: Ground, id: string): Promise<OperationRecord> {
  const record = await (await ground.house.use.store()).operation(id)
  if (record === null) throw new HoldfastError("OPERATION_UNKNOWN", { what: `there is no operation ${id}` })
  return record
}

async function pageOf(ground: Ground, id: string): Promise<OperationPage> {
  const { store, host } = await ground.house.operationTools()
  const record = await recordOf(ground, id)
  const kept = (await store.kept(record.app)).find((one) => one.operationId === id && isUndoable(one))
  return {
    format: "holdfast.operation",
    version: 1,
    operation: shownOperation(record, host),
    hint: hintOf(record.errorCode),
    undo: { available: kept !== undefined, until: kept?.keptUntil.toISOString() ?? null },
  }
}

function hintOf(code: string | null): string | null {
  if (code === null) return null
  const row = Object.entries(catalog).find(([name]) => name === code)
  return row === undefined ? "Please report it with the lines that the service has logged." : row[1].hint
}

async function cancel(ground: Ground, id: string): Promise<Cancelled> {
  const { store, host } = await ground.house.operationTools()
  const record = await recordOf(ground, id)
  const runs = record.finishedAt === null && host.isAlive(record.holder)
  if (runs) await store.requestCancel(id)
  return { operationId: id, requested: runs }
}

async function follow({ ground, param, signal }: Call<unknown, unknown>): Promise<Response> {
  const id = param("operation")
  const record = await recordOf(ground, id)
  const { clock } = ground.house
  const over = new AbortController()
  return eventStream(clock, signal, (sink) => {
    const told = ground.runner.recent(id)
    const tell = (event: RunnerEvent): void => {
      const shown = shownEvent(event)
      sink.send(shown)
      if (shown.type === "end") sink.end()
    }
    const stop = ground.runner.watch(id, tell)
    told.forEach(tell)
    if (record.finishedAt !== null && told.at(-1)?.kind !== "ended") {
      sink.send(endOf(record))
      sink.end()
    } else if (told.length === 0) void followStore(ground, id, sink, over.signal)
    return () => {
      stop()
      over.abort()
    }
  })
}

function shownEvent(event: RunnerEvent): OperationEvent {
  const at = event.at.toISOString()
  if (event.kind === "step") return { type: "step", at, title: event.title }
  if (event.kind === "amount") return { type: "amount", at, amount: { ...event.amount } }
  if (event.kind === "ended") return { type: "end", at, outcome: event.outcome, errorCode: event.errorCode, message: event.message }
  return { type: event.kind, at, text: event.text }
}

function endOf({ finishedAt, startedAt, outcome, errorCode, message }: OperationRecord): OperationEvent {
  return { type: "end", at: (finishedAt ?? startedAt).toISOString(), outcome, errorCode, message }
}

/** Steps as they are written down, until the end is. */
async function followStore(ground: Ground, id: string, sink: EventSink, over: AbortSignal): Promise<void> {
  const { store, host } = await ground.house.operationTools()
  let told = -1
  try {
    for (;;) {
      const record = await store.operation(id)
      if (record === null) return sink.end()
      for (const step of record.steps.filter((one) => one.index > told)) {
        told = step.index
        sink.send({ type: "step", at: step.at.toISOString(), title: step.name } satisfies OperationEvent)
      }
      if (record.finishedAt !== null || !host.isAlive(record.holder)) {
        sink.send(endOf(record))
        return sink.end()
      }
      await ground.house.clock.sleep(LOOK_EVERY_MS, over)
    }
  } catch {
    sink.end()
  }
}
