import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { systemClock, type Clock } from "../../base/clock.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { HostIdentity } from "../../operation/operation.ts"
import type { Store } from "../../operation/ports.ts"
import { runOperation } from "../../operation/run-operation.ts"
import { openSqliteStore } from "../../tool/store/store.ts"
import { houseOf } from "../../../test/fixture/clocked-house.ts"
import type { House } from "../house/house.ts"
import type { OperationEvent } from "./operation-events.ts"
import { createRunner } from "./runner.ts"

const host: HostIdentity = {
  self: (command) => ({ host: "vm", bootId: "b", processId: 1, processStart: "1", command }),
  isAlive: () => true,
}
const steps = { one: { title: "the only step", crashLeadsTo: "nothing" } } as const

let directory = ""
let store: Store
let aheadMs = 0
const clock: Clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs }

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "holdfast-runner-"))
  store = await openSqliteStore(join(directory, "store.sqlite"), { host, clock: systemClock })
  aheadMs = 0
})

afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true, force: true })
})

function house(signal = new AbortController().signal): House {
  const settings = (): never => {
    throw new Error("settings are not needed here")
  }
  return houseOf({ directory, clock, signal, host, store: async () => await Promise.resolve(store), settings })
}

/** A verb whose only step lasts until `until` is there, or until it is cancelled. */
const verb =
  (app: string, until: Promise<void>) =>
  async (own: House): Promise<string> => {
    const { result } = await runOperation(
      await own.operationTools(),
      { kind: "backup", app, steps, plan: null, command: own.command },
      own.base(),
      async (journal, ctx) =>
        await journal.step("one", null, async () => {
          ctx.signal.throwIfAborted()
          const cancelled = new Promise((_resolve, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)))
          await Promise.race([until, cancelled])
          own.progress.warn("it was slow")
          return { outcome: "succeeded" as const, result: "well", record: null }
        }),
    )
    return result
  }

describe("the runner", () => {
  it("answers with the operation's id while it runs, shows its events, and tells its end", async () => {
    const runner = createRunner(house())
    const gate = Promise.withResolvers<void>()
    const { operationId, ended } = await runner.start({ app: "chat", command: "holdfast backup chat (panel)" }, verb("chat", gate.promise))
    const id = operationId ?? ""
    expect(await store.operation(id)).toMatchObject({ finishedAt: null, holder: { command: "holdfast backup chat (panel)" } })

    const seen: OperationEvent[] = []
    runner.watch(id, (event) => seen.push(event))
    gate.resolve()

    expect(await ended).toMatchObject({ operationId: id, outcome: "succeeded", result: "well", error: null })
    expect(seen.map(({ kind }) => kind).slice(-2)).toEqual(["warn", "ended"])
    expect(runner.recent(id)).toEqual(expect.arrayContaining(seen))
  })

  it("refuses at once while the app is worked on, naming who does", async () => {
    const runner = createRunner(house())
    const gate = Promise.withResolvers<void>()
    const first = await runner.start({ app: "chat", command: "first" }, verb("chat", gate.promise))

    await expect(runner.start({ app: "chat", command: "second" }, verb("chat", gate.promise))).rejects.toMatchObject({
      code: "OPERATION_BUSY",
      why: expect.stringContaining("`first`"),
    })
    gate.resolve()
    await first.ended
  })

  it("rejects with the verb's own error when it fails before anything was recorded", async () => {
    const refused = new HoldfastError("VAULT_UNREACHABLE", { what: "no vault" })
    await expect(createRunner(house()).start({ app: "chat", command: "x" }, async () => await Promise.reject(refused))).rejects.toBe(
      refused,
    )
  })

  it("lets two run at once, shows the third as waiting, and starts it when one has ended", async () => {
    const runner = createRunner(house(), { atOnce: 2 })
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
    const one = await runner.start({ app: "one", command: "1" }, verb("one", gates[0].promise))
    const two = await runner.start({ app: "two", command: "2" }, verb("two", gates[1].promise))
    const third = runner.start({ app: "three", command: "3" }, verb("three", Promise.resolve()))
    await expect.poll(() => runner.waiting()).toMatchObject([{ app: "three", command: "3" }])
    expect(await store.operations({ app: "three" })).toEqual([])

    gates[0].resolve()
    expect(await (await third).ended).toMatchObject({ outcome: "succeeded" })
    expect(runner.waiting()).toEqual([])
    gates[1].resolve()
    await Promise.all([one.ended, two.ended])
  })

  it("cancels what runs when it is closed, turns away what waits, and starts nothing more", async () => {
    const runner = createRunner(house(), { atOnce: 1 })
    const never = new Promise<void>(() => undefined)
    const running = await runner.start({ app: "one", command: "1" }, verb("one", never))
    const waiting = expect(runner.start({ app: "two", command: "2" }, verb("two", never))).rejects.toMatchObject({
      code: "OPERATION_CANCELLED",
    })
    await expect.poll(() => runner.waiting().length).toBe(1)

    await runner.close()

    await waiting
    expect(await running.ended).toMatchObject({ outcome: "cancelled", errorCode: "OPERATION_CANCELLED" })
    await expect(runner.start({ app: "one", command: "1" }, verb("one", never))).rejects.toMatchObject({ code: "OPERATION_CANCELLED" })
  })

  it("cancels what runs when the service is told to stop", async () => {
    const service = new AbortController()
    const runner = createRunner(house(service.signal))
    const running = await runner.start({ app: "one", command: "1" }, verb("one", new Promise<void>(() => undefined)))
    service.abort(new HoldfastError("OPERATION_CANCELLED", { what: "interrupted" }))
    expect(await running.ended).toMatchObject({ outcome: "cancelled" })
  })

  it("forgets the events of a run some minutes after its end", async () => {
    const runner = createRunner(house())
    const { operationId, ended } = await runner.start({ app: "chat", command: "x" }, verb("chat", Promise.resolve()))
    await ended
    expect(runner.recent(operationId ?? "")).not.toEqual([])
    aheadMs = 11 * 60_000
    expect(runner.recent(operationId ?? "")).toEqual([])
  })

  it("keeps a bounded number of events of a long run, and its steps in spite of thousands of amounts", async () => {
    const runner = createRunner(house())
    const { operationId, ended } = await runner.start({ app: "chat", command: "x" }, async (own) => {
      await verb("chat", Promise.resolve())(own)
      for (let index = 0; index < 3000; index += 1) {
        aheadMs += 300
        own.progress.amount({ bytesDone: index })
      }
      expect(runner.recent(operationIdOf(await store.operations({})))).toHaveLength(3)
      for (let index = 0; index < 3000; index += 1) own.progress.note(`note ${index}`)
    })
    await ended
    expect(runner.recent(operationId ?? "")).toHaveLength(500)
  })

  it("goes on when a listener fails", async () => {
    const runner = createRunner(house())
    const gate = Promise.withResolvers<void>()
    const { operationId, ended } = await runner.start({ app: "chat", command: "x" }, verb("chat", gate.promise))
    runner.watch(operationId ?? "", () => {
      throw new Error("a broken page")
    })
    gate.resolve()
    expect(await ended).toMatchObject({ outcome: "succeeded" })
  })
})

function operationIdOf(operations: readonly { readonly id: string }[]): string {
  return operations[0]?.id ?? ""
}
