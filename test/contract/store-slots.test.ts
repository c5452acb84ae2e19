import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import type { HostIdentity } from "../../src/operation/operation.ts"
import type { SlotRecord, Store } from "../../src/operation/ports.ts"
import { openSqliteStore } from "../../src/tool/store/store.ts"

const processOf = (id: number): HostIdentity => ({
  self: (command) => ({ host: "h", bootId: "b", processId: id, processStart: `s${id}`, command }),
  isAlive: () => true,
})

let directory = ""
const opened: Store[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "holdfast-slots-"))
})

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
  await rm(directory, { recursive: true, force: true })
})

async function open(id: number): Promise<Store> {
  const store = await openSqliteStore(join(directory, "store.sqlite"), { host: processOf(id), clock: systemClock })
  opened.push(store)
  return store
}

const slot = (day: number, more: Partial<SlotRecord> = {}): SlotRecord => ({
  app: "chat",
  schedule: "schedules.nightly",
  slot: new Date(Date.UTC(2026, 2, day, 3)),
  handledAt: new Date(Date.UTC(2026, 2, day, 3, 0, 1)),
  outcome: "running",
  operationId: null,
  reason: null,
  missed: 0,
  ...more,
})

describe("slots in the store", () => {
  it("a slot is claimed once, by one of many processes that ask at the same time", async () => {
    const stores = await Promise.all([1, 2, 3, 4].map(open))
    const claims = await Promise.all(stores.flatMap((store) => [store.claimSlot(slot(1)), store.claimSlot(slot(1, { reason: "again" }))]))
    expect(claims.filter(Boolean)).toHaveLength(1)
    expect(await stores[0]?.slots({})).toHaveLength(1)
  })

  it("a claim that comes second changes nothing; another slot, schedule or app is another claim", async () => {
    const store = await open(1)
    await store.claimSlot(slot(1))
    await store.putSlot(slot(1, { outcome: "succeeded", operationId: "op-1" }))
    expect(await store.claimSlot(slot(1))).toBe(false)
    expect(await store.slots({})).toEqual([slot(1, { outcome: "succeeded", operationId: "op-1" })])
    expect(await store.claimSlot(slot(2))).toBe(true)
    expect(await store.claimSlot(slot(1, { schedule: "drills.monthly" }))).toBe(true)
    expect(await store.claimSlot(slot(1, { app: "notes" }))).toBe(true)
  })

  it("the newest slot that is not after an instant is found, however many lie after it", async () => {
    const store = await open(1)
    for (const day of [1, 2, 3, 20, 21]) await store.claimSlot(slot(day))
    const found = await store.slots({ app: "chat", schedule: "schedules.nightly", until: slot(3).slot, limit: 1 })
    expect(found).toEqual([slot(3)])
    expect((await store.slots({ limit: 2 })).map((one) => one.slot)).toEqual([slot(21).slot, slot(20).slot])
  })

  it("who holds a lease is told to everybody", async () => {
    const [one, two] = [await open(1), await open(2)]
    expect(await two.leaseOf("chat")).toBeNull()
    await one.acquireLease("chat", "op-1", processOf(1).self("holdfast backup chat"))
    expect(await two.leaseOf("chat")).toEqual({ operationId: "op-1", holder: processOf(1).self("holdfast backup chat") })
    await one.releaseLease("chat", "op-1")
    expect(await two.leaseOf("chat")).toBeNull()
  })
})
