import type { LiveEvent } from "../../contract/api/operations.ts"
import type { OperationRecord } from "../../operation/ports.ts"
import type { House } from "../house/house.ts"
import { listedOperation } from "../house/listed-operation.ts"
import { messageOf } from "../../base/errors.ts"

/** What changed, for whoever shows it. The store is asked while somebody listens, because other processes change it as well. */
export interface LiveEvents {
  listen(listener: (event: LiveEvent) => void): () => void
  tell(event: Omit<LiveEvent, "at">): void
  close(): void
}

const LOOK_EVERY_MS = 1000
const NEWEST = 30

export function createLiveEvents(house: House): LiveEvents {
  const listeners = new Set<(event: LiveEvent) => void>()
  const closing = new AbortController()
  let looking = false
  const tell = (event: Omit<LiveEvent, "at">): void => {
    const whole = { ...event, at: house.clock.now().toISOString() }
    for (const listener of listeners) listener(whole)
  }
  const look = async (): Promise<void> => {
    const memory = new Map<string, string>()
    await changes(house, memory)
    while (listeners.size > 0) {
      await house.clock.sleep(LOOK_EVERY_MS, closing.signal)
      for (const event of await changes(house, memory)) tell(event)
    }
  }
  const begin = (): void => {
    if (looking) return
    looking = true
    void look()
      .catch((thrown: unknown) => {
        if (!closing.signal.aborted) house.log.warn("what changed could not be read", { why: messageOf(thrown) })
      })
      .finally(() => {
        looking = false
      })
  }
  return {
    listen: (listener) => {
      listeners.add(listener)
      begin()
      return () => listeners.delete(listener)
    },
    tell,
    close: () => {
      closing.abort(new Error("the panel is closed"))
      listeners.clear()
    },
  }
}

/** What differs from what was seen last. */
async function changes(house: House, memory: Map<string, string>): Promise<readonly Omit<LiveEvent, "at">[]> {
  const { store, host } = await house.operationTools()
  const [operations, alarms] = await Promise.all([store.operations({ limit: NEWEST }), store.alarms({ limit: NEWEST })])
  const events: Omit<LiveEvent, "at">[] = []
  for (const record of operations) {
    if (seen(memory, `operation ${record.id}`, stateOf(record))) continue
    events.push({ type: "operation", app: record.app, operation: listedOperation(record, host) })
  }
  for (const { key, app, text, endedAt } of alarms) {
    if (seen(memory, `alarm ${key}`, `${text} ${endedAt?.toISOString() ?? ""}`)) continue
    events.push({ type: "alarm", app, operation: null })
  }
  const fresh = new Set([...operations.map(({ id }) => `operation ${id}`), ...alarms.map(({ key }) => `alarm ${key}`)])
  for (const key of memory.keys()) if (!fresh.has(key)) memory.delete(key)
  return events
}

function stateOf({ outcome, cancelRequested, steps }: OperationRecord): string {
  const last = steps.at(-1)
  return `${outcome ?? "running"} ${cancelRequested ? "stopping" : ""} ${last?.index ?? -1} ${last?.state ?? ""}`
}

function seen(memory: Map<string, string>, key: string, state: string): boolean {
  const known = memory.get(key) === state
  memory.set(key, state)
  return known
}
