import { appendFileSync } from "node:fs"
import type { Store } from "../../src/operation/ports.ts"

/** Where to die: `before:7` is before the seventh write to the store, `after:7` when it is durable; `before:2:endStep seal done` is at the second of these. */
export interface KillPoint {
  readonly phase: "before" | "after"
  /** Counted from 1; among those of the label where there is one: what goes on side by side writes in no certain order. */
  readonly write: number
  readonly label?: string
}

export interface KillOrder {
  /** Null: never die, only write the trace. */
  readonly point: KillPoint | null
  /** Stop there instead, until somebody continues the process: the world changes behind its back. */
  readonly pauses: boolean
  /** A file that gets one line for each write before it is made: `beginStep capture`. */
  readonly trace: string
}

/** Read by test entries alone; the product knows nothing of it. */
export function killOrderFrom(environment: Readonly<Record<string, string | undefined>>): KillOrder {
  const trace = environment["HOLDFAST_TEST_TRACE"]
  if (trace === undefined) throw new Error("HOLDFAST_TEST_TRACE is not set")
  const wanted = environment["HOLDFAST_TEST_KILL"]
  const pauses = environment["HOLDFAST_TEST_PAUSE"] === "1"
  if (wanted === undefined || wanted === "") return { point: null, pauses, trace }
  const [phase, write, label] = wanted.split(":")
  if ((phase !== "before" && phase !== "after") || !/^\d+$/.test(write ?? "")) throw new Error(`not a kill point: ${wanted}`)
  return { point: { phase, write: Number(write), ...(label === undefined ? {} : { label }) }, pauses, trace }
}

/** A store that kills its own process at one write, as a power cut or the kernel would: no handler, no `finally`, nothing flushed. */
export function killingStore(store: Store, order: KillOrder): Store {
  let writes = 0
  const ofLabel = new Map<string, number>()
  const names = new Map<number, string>()
  const counted =
    <Words extends readonly unknown[], Result>(write: (...words: Words) => Promise<Result>, label: (...words: Words) => string) =>
    async (...words: Words): Promise<Result> => {
      writes += 1
      const said = label(...words)
      ofLabel.set(said, (ofLabel.get(said) ?? 0) + 1)
      const here = { write: writes, label: said, ofLabel: ofLabel.get(said) ?? 0 }
      appendFileSync(order.trace, `${said}\n`)
      dieAt(order, "before", here)
      const result = await write(...words)
      dieAt(order, "after", here)
      return result
    }
  return {
    ...store,
    acquireLease: counted(store.acquireLease, () => "acquireLease"),
    releaseLease: counted(store.releaseLease, () => "releaseLease"),
    createOperation: counted(store.createOperation, (operation) => `createOperation ${operation.kind}`),
    beginStep: counted(store.beginStep, (_id, step) => {
      names.set(step.index, step.name)
      return `beginStep ${step.name}`
    }),
    endStep: counted(store.endStep, (_id, index, state) => `endStep ${names.get(index) ?? index} ${state}`),
    finishOperation: counted(store.finishOperation, (_id, end) => `finishOperation ${end.outcome}`),
    putPoint: counted(store.putPoint, () => "putPoint"),
    markExpired: counted(store.markExpired, () => "markExpired"),
    removePoints: counted(store.removePoints, () => "removePoints"),
    putProof: counted(store.putProof, (proof) => `putProof ${proof.level}`),
    putPin: counted(store.putPin, () => "putPin"),
    putKept: counted(store.putKept, () => "putKept"),
    claimSlot: counted(store.claimSlot, () => "claimSlot"),
    putSlot: counted(store.putSlot, (slot) => `putSlot ${slot.outcome}`),
    setValue: counted(store.setValue, (key) => `setValue ${key.split(":")[0] ?? key}`),
  }
}

interface Here {
  readonly write: number
  readonly label: string
  readonly ofLabel: number
}

function dieAt({ point, pauses }: KillOrder, phase: KillPoint["phase"], here: Here): void {
  if (point === null || point.phase !== phase) return
  if (point.label === undefined ? point.write !== here.write : point.label !== here.label || point.write !== here.ofLabel) return
  if (pauses) return pause()
  process.kill(process.pid, "SIGKILL")
  // Not one more line of ours is run, whichever thread the signal reaches.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

function pause(): void {
  process.kill(process.pid, "SIGSTOP")
  // The signal may reach another thread first.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
}
