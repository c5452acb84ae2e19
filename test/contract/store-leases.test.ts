import * as fc from "fast-check"
import { mkdtemp } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { HostIdentity } from "../../src/operation/operation.ts"
import type { Store } from "../../src/operation/ports.ts"
import { implementations, machine, storePlace, type StorePlace } from "../fixture/store-place.ts"

let place: StorePlace

beforeEach(async () => {
  place = await storePlace()
})

afterEach(async () => await place.close())

for (const implementation of implementations) {
  const open = async (host: HostIdentity): Promise<Store> => await place.open(implementation, host)

  describe(`a lease in the store on ${implementation.name}`, () => {
    it("is given to one process and refused to the next with the holder named", async () => {
      const { process } = machine()
      const [one, two] = [await open(process(1)), await open(process(2))]
      const first = process(1).self("holdfast backup chat")

      expect(await one.acquireLease("chat", "op-1", first)).toEqual({ acquired: true })
      expect(await two.acquireLease("chat", "op-2", process(2).self("other"))).toEqual({
        acquired: false,
        operationId: "op-1",
        holder: first,
      })
      expect(await one.holdsLease("chat", "op-1")).toBe(true)
      expect(await two.holdsLease("chat", "op-2")).toBe(false)
      expect(await two.holdsLease("chat", "op-1")).toBe(false)
    })

    it("is refused to the same process for another operation", async () => {
      const { process } = machine()
      const store = await open(process(1))
      await store.acquireLease("chat", "op-1", process(1).self("a"))

      expect(await store.acquireLease("chat", "op-2", process(1).self("b"))).toMatchObject({ acquired: false, operationId: "op-1" })
      expect(await store.acquireLease("chat", "op-1", process(1).self("a"))).toEqual({ acquired: true })
    })

    it("is independent for another app", async () => {
      const { process } = machine()
      const store = await open(process(1))
      await store.acquireLease("chat", "op-1", process(1).self("a"))

      expect(await store.acquireLease("weave", "op-2", process(1).self("a"))).toEqual({ acquired: true })
    })

    it("is taken over from a holder that is proven dead, which then no longer holds it", async () => {
      const { process, kill } = machine()
      const [one, two] = [await open(process(1)), await open(process(2))]
      await one.acquireLease("chat", "op-1", process(1).self("a"))
      kill(1)

      expect(await two.acquireLease("chat", "op-1", process(2).self("settling"))).toEqual({ acquired: true })
      expect(await one.holdsLease("chat", "op-1")).toBe(false)
      await one.releaseLease("chat", "op-1")
      expect(await two.holdsLease("chat", "op-1")).toBe(true)
    })

    it("can be taken again after it was released", async () => {
      const { process } = machine()
      const [one, two] = [await open(process(1)), await open(process(2))]
      await one.acquireLease("chat", "op-1", process(1).self("a"))
      await one.releaseLease("chat", "op-1")

      expect(await two.acquireLease("chat", "op-2", process(2).self("b"))).toEqual({ acquired: true })
    })

    it("of a dead holder is forgotten when its operation is over or was never recorded, and stays while that waits to be settled", async () => {
      const { process, kill } = machine()
      const [one, two] = [await open(process(1)), await open(process(2))]
      const holder = process(1).self("a")
      for (const [app, id] of [
        ["unrecorded", "op-1"],
        ["over", "op-2"],
        ["unfinished", "op-3"],
      ] as const) {
        await one.acquireLease(app, id, holder)
        if (app !== "unrecorded") await one.createOperation({ id, kind: "backup", app, holder, plan: {}, startedAt: new Date() })
        if (app === "over")
          await one.finishOperation(id, { finishedAt: new Date(), outcome: "succeeded", errorCode: null, message: null, result: null })
      }
      await two.acquireLease("living", "op-4", process(2).self("b"))
      await two.dropDeadLeases()
      const whileAlive = await Promise.all(
        ["unrecorded", "over", "unfinished", "living"].map(async (app) => (await two.leaseOf(app))?.operationId),
      )
      kill(1)
      await two.dropDeadLeases()
      const afterwards = await Promise.all(
        ["unrecorded", "over", "unfinished", "living"].map(async (app) => (await two.leaseOf(app))?.operationId),
      )

      expect(whileAlive).toEqual(["op-1", "op-2", "op-3", "op-4"])
      expect(afterwards).toEqual([undefined, undefined, "op-3", "op-4"])
    })

    it("never has two holders, however acquiring, releasing and dying are interleaved", async () => {
      const action = fc.record({ process: fc.integer({ min: 1, max: 3 }), what: fc.constantFrom("acquire", "release", "die") })
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(action, { minLength: 1, maxLength: 3 }), { maxLength: 12 }), async (rounds) => {
          const run = await mkdtemp(join(place.directory, "run-"))
          const { process, kill } = machine()
          const stores = await Promise.all([1, 2, 3].map(async (id) => await implementation.open(run, process(id))))
          const dead = new Set<number>()
          try {
            for (const round of rounds) {
              await Promise.all(
                round.map(async ({ process: id, what }) => {
                  const store = stores[id - 1]
                  if (!store || dead.has(id)) return
                  if (what === "acquire") await store.acquireLease("chat", `op-${id}`, process(id).self("x"))
                  if (what === "release") await store.releaseLease("chat", `op-${id}`)
                  if (what === "die") {
                    dead.add(id)
                    kill(id)
                  }
                }),
              )
              const held = await Promise.all(stores.map(async (store, index) => await store.holdsLease("chat", `op-${index + 1}`)))
              expect(held.filter(Boolean).length).toBeLessThanOrEqual(1)
            }
          } finally {
            for (const store of stores) await store.close()
          }
        }),
        { numRuns: 25 },
      )
    })
  })
}
