import type { Clock } from "../../base/clock.ts"
import type { Amount, Progress } from "../../base/run-context.ts"
import type { OperationOutcome } from "../../operation/ports.ts"

/** What is told of an operation while it runs; `at` is an instant of the wall clock. */
export type OperationEvent =
  | { readonly kind: "step"; readonly at: Date; readonly title: string }
  | { readonly kind: "amount"; readonly at: Date; readonly amount: Amount }
  | { readonly kind: "note" | "warn"; readonly at: Date; readonly text: string }
  | {
      readonly kind: "ended"
      readonly at: Date
      /** Null: it could not be ended, and is settled later. */
      readonly outcome: OperationOutcome | null
      readonly errorCode: string | null
      readonly message: string | null
    }

export type OperationListener = (event: OperationEvent) => void

/** The last events of one operation, and who listens. Holds at most `EVENTS_KEPT`, however long the operation runs. */
export interface EventTrail {
  readonly progress: Progress
  tell(event: OperationEvent): void
  recent(): readonly OperationEvent[]
  watch(listener: OperationListener): () => void
}

const EVENTS_KEPT = 500
const TEXT_LIMIT = 2000
const AMOUNT_EVERY_MS = 250

export function createEventTrail(clock: Clock): EventTrail {
  let events: OperationEvent[] = []
  const listeners = new Set<OperationListener>()
  const tell = (event: OperationEvent): void => {
    events = remembered(events, event)
    for (const listener of listeners) tellOne(listener, event, () => listeners.delete(listener))
  }
  return {
    progress: progressInto(tell, clock),
    tell,
    recent: () => events,
    watch: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** A listener that fails is the listener's trouble: the operation goes on, and it is told nothing more. */
function tellOne(listener: OperationListener, event: OperationEvent, drop: () => void): void {
  try {
    listener(event)
  } catch {
    drop()
  }
}

/** Only the newest amount matters to whoever comes later, so that steps and warnings are not pushed out by numbers. */
function remembered(events: readonly OperationEvent[], event: OperationEvent): OperationEvent[] {
  const before = event.kind === "amount" && events.at(-1)?.kind === "amount" ? events.slice(0, -1) : events
  return [...before, event].slice(-EVENTS_KEPT)
}

function progressInto(tell: (event: OperationEvent) => void, clock: Clock): Progress {
  let amountToldMs = Number.NEGATIVE_INFINITY
  return {
    step: (title) => {
      amountToldMs = Number.NEGATIVE_INFINITY
      tell({ kind: "step", at: clock.now(), title: title.slice(0, TEXT_LIMIT) })
    },
    amount: (amount) => {
      const nowMs = clock.monotonicMs()
      if (nowMs - amountToldMs < AMOUNT_EVERY_MS) return
      amountToldMs = nowMs
      tell({ kind: "amount", at: clock.now(), amount: { ...amount } })
    },
    note: (text) => tell({ kind: "note", at: clock.now(), text: text.slice(0, TEXT_LIMIT) }),
    warn: (text) => tell({ kind: "warn", at: clock.now(), text: text.slice(0, TEXT_LIMIT) }),
  }
}
