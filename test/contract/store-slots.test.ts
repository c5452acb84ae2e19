import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import type { AlarmRecord, SlotRecord, Store } from "../../src/operation/ports.ts"
import { openSqliteStore } from "../../src/tool/store/store.ts"
import { temporaryDirectory } from "../fixture/tmp.ts"

const host = {
  self: (command: string) => ({ host: "h", bootId: "b", processId: 1, processStart: "s", command }),
  isAlive: () => true,
}

const implementations = [
  {
    name: "SQLite",
    open: async (place: string): Promise<Store> => await openSqliteStore(join(place, "store.sqlite"), { host, clock: systemClock }),
  },
]

const at = (text: string): Date => new Date(text)

const slot = (day: number, more: Partial<SlotRecord> = {}): SlotRecord => ({
  app: "chat",
  schedule: "schedules.nightly",
  slot: at(`2026-04-${String(day).padStart(2, "0")}T03:00:00Z`),
  handledAt: at(`2026-04-${String(day).padStart(2, "0")}T03:00:01Z`),
  outcome: "succeeded",
  operationId: `op-${day}`,
  reason: null,
  missed: 0,
  ...more,
})

const alarm = (key: string, day: number, more: Partial<AlarmRecord> = {}): AlarmRecord => ({
  key,
  app: "chat",
  kind: "overdue",
  text: `${key} is late`,
  since: at(`2026-04-${String(day).padStart(2, "0")}T09:00:00Z`),
  toldAt: null,
  endedAt: null,
  ...more,
})

for (const implementation of implementations) {
  const open = async (place?: string): Promise<Store> => {
    const store = await implementation.open(place ?? (await temporaryDirectory("slots")))
    onTestFinished(async () => await store.close())
    return store
  }

  describe(`slots in the store on ${implementation.name}`, () => {
    it("come back as they were written, newest first, also after the store was opened again", async () => {
      const place = await temporaryDirectory("slots")
      const store = await open(place)
      const skipped = slot(2, { outcome: "skipped", operationId: null, reason: "another run was under way", missed: 3 })
      for (const one of [slot(1), slot(3, { outcome: "running" }), skipped]) await store.putSlot(one)

      expect(await (await open(place)).slots({})).toEqual([slot(3, { outcome: "running" }), skipped, slot(1)])
    })

    it("are replaced by what became of them, each schedule of each app for itself", async () => {
      const store = await open()
      await store.putSlot(slot(1, { outcome: "running" }))
      await store.putSlot(slot(1, { outcome: "failed", reason: "no space" }))
      await store.putSlot(slot(1, { schedule: "drills.monthly" }))
      await store.putSlot(slot(1, { app: "weave" }))

      expect(await store.slots({ app: "chat", schedule: "schedules.nightly" })).toEqual([
        slot(1, { outcome: "failed", reason: "no space" }),
      ])
      expect((await store.slots({ app: "chat" })).length).toBe(2)
      expect((await store.slots({ schedule: "schedules.nightly" })).map(({ app }) => app).toSorted()).toEqual(["chat", "weave"])
    })

    it("are listed up to an instant and up to a number", async () => {
      const store = await open()
      for (const day of [1, 2, 3, 4]) await store.putSlot(slot(day))

      expect((await store.slots({ until: slot(3).slot })).map(({ operationId }) => operationId)).toEqual(["op-3", "op-2", "op-1"])
      expect((await store.slots({ until: slot(3).slot, limit: 2 })).map(({ operationId }) => operationId)).toEqual(["op-3", "op-2"])
    })

    it("are claimed by one of however many that try", async () => {
      const place = await temporaryDirectory("slots")
      const stores = await Promise.all([open(place), open(place), open(place)])
      const claims = await Promise.all(stores.map(async (store, index) => await store.claimSlot(slot(1, { operationId: `by-${index}` }))))

      expect(claims.filter(Boolean)).toHaveLength(1)
      expect(await stores[0]?.slots({})).toMatchObject([{ operationId: `by-${claims.indexOf(true)}` }])
    })
  })

  describe(`alarms in the store on ${implementation.name}`, () => {
    it("come back as they were written, newest first, also after the store was opened again", async () => {
      const place = await temporaryDirectory("alarms")
      const store = await open(place)
      const told = alarm("b", 2, { app: null, toldAt: at("2026-04-02T10:00:00Z") })
      for (const one of [alarm("a", 1), told]) await store.putAlarm(one)

      expect(await (await open(place)).alarms({})).toEqual([told, alarm("a", 1)])
    })

    it("are replaced by their key, end, and may open anew", async () => {
      const store = await open()
      await store.putAlarm(alarm("a", 1))
      const ended = alarm("a", 1, { text: "later", toldAt: at("2026-04-01T10:00:00Z"), endedAt: at("2026-04-01T11:00:00Z") })
      await store.putAlarm(ended)
      expect(await store.alarms({})).toEqual([ended])
      expect(await store.alarms({ open: true })).toEqual([])

      await store.putAlarm(alarm("a", 5))
      expect(await store.alarms({ open: true })).toEqual([alarm("a", 5)])
    })

    it("are listed up to a number", async () => {
      const store = await open()
      for (const day of [1, 2, 3]) await store.putAlarm(alarm(`k${day}`, day))
      expect((await store.alarms({ limit: 2 })).map(({ key }) => key)).toEqual(["k3", "k2"])
    })
  })
}
