/** What is ordered of a container beside, on a real store: done once, told to whoever waits, never begun a second time. */
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { HoldfastError } from "../../src/base/errors.ts"
import type { Store } from "../../src/operation/ports.ts"
import { carryOn, readOrder } from "../../src/surface/house/beside.ts"
import { openSqliteStore } from "../../src/tool/store/store.ts"
import { machine, storePlace, type StorePlace } from "../fixture/store-place.ts"

const ID = "20260419t120000-abcdef"

let place: StorePlace | null = null

afterEach(async () => await place?.close())

async function ordered(state: "ordered" | "begun" | "ended"): Promise<Store> {
  place = await storePlace()
  const store = await openSqliteStore(join(place.directory, "store.sqlite"), { host: machine().process(1), clock: systemClock })
  place.keep(store)
  const order = {
    app: "own",
    work: { verb: "rollback", operation: "op" },
    command: "holdfast update rollback own",
    state,
    report: null,
    error: null,
  }
  await store.setValue(`beside:${ID}`, JSON.stringify(order))
  return store
}

it("is carried out once, with what came of it for whoever waits", async () => {
  const store = await ordered("ordered")
  const states: string[] = []

  await carryOn(store, ID, async (order) => {
    states.push((await readOrder(store, ID)).state)
    return { undone: order.app }
  })
  await carryOn(store, ID, async () => {
    throw new Error("it is over")
  })

  expect(states).toEqual(["begun"])
  expect(await readOrder(store, ID)).toMatchObject({ state: "ended", report: { undone: "own" }, error: null })
})

it("is not begun again after an interruption, which is told", async () => {
  const store = await ordered("begun")

  await carryOn(store, ID, async () => {
    throw new Error("it must not be done twice")
  })

  expect(await readOrder(store, ID)).toMatchObject({ state: "ended", report: null, error: { code: "UPDATE_INTERRUPTED" } })
})

it("that fails ends all the same, in the words of the failure", async () => {
  const store = await ordered("ordered")

  await carryOn(store, ID, async () => {
    throw new HoldfastError("PLAN_STALE", { what: "it would do something else", why: "another release came" })
  })

  expect(await readOrder(store, ID)).toMatchObject({
    state: "ended",
    error: { code: "PLAN_STALE", what: "it would do something else", why: "another release came" },
  })
})

it("that meets a bug stays begun, so that the next start settles it", async () => {
  const store = await ordered("ordered")

  await expect(
    carryOn(store, ID, async () => {
      throw new TypeError("a bug")
    }),
  ).rejects.toThrow("a bug")

  expect((await readOrder(store, ID)).state).toBe("begun")
})

it("is refused where nobody ordered it", async () => {
  const store = await ordered("ordered")
  await expect(readOrder(store, "20260419t120000-000000")).rejects.toMatchObject({ code: "USAGE" })
})
