import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import { systemClock } from "../base/clock.ts"
import type { Json } from "../base/canonical-json.ts"
import type { HostIdentity } from "../operation/operation.ts"
import type { KeptRecord, Store } from "../operation/ports.ts"
import { openSqliteStore } from "../tool/store/store.ts"
import { findKept, isUndoable, keptStateOf } from "./kept.ts"

const host: HostIdentity = {
  self: (command) => ({ host: "vm", bootId: "b", processId: 1, processStart: "1", command }),
  isAlive: () => true,
}

const bare = {
  replacements: [],
  standstill: { graceSeconds: 1, byCommand: false, rested: [], services: [] },
  safetyPoint: "p1",
  point: "p0",
  wellBefore: true,
} satisfies Json

async function storeWith(details: Json): Promise<{ readonly store: Store; readonly record: KeptRecord }> {
  const store = await openSqliteStore(join(await temporaryDirectory("kept"), "store.sqlite"), { host, clock: systemClock })
  onTestFinished(async () => await store.close())
  const record: KeptRecord = { operationId: "op1", app: "chat", keptUntil: new Date("2099-01-01T00:00:00Z"), releasedAt: null, details }
  await store.putKept(record)
  return { store, record }
}

it("finds what a restore kept, also where an earlier version of this program recorded it", async () => {
  const { store, record } = await storeWith(bare)

  expect((await findKept({ store }, { name: "chat" }, "op1")).state).toMatchObject({
    by: "restore",
    safetyPoint: "p1",
    needs: [],
    more: null,
  })
  expect(isUndoable(record)).toBe(true)
})

it("never undoes the data of an update alone: the program of the new version would run on it", async () => {
  const { store, record } = await storeWith({ ...bare, by: "update", needs: ["p1"], more: { prepared: 1 } })

  await expect(findKept({ store }, { name: "chat" }, "op1")).rejects.toMatchObject({
    code: "UNDO_UNAVAILABLE",
    message: "operation op1 was no restore",
    hint: "Run `holdfast update rollback chat`: data, images and configuration go back together.",
  })
  expect(isUndoable(record)).toBe(false)
  expect(keptStateOf(record)).toMatchObject({ by: "update", needs: ["p1"], more: { prepared: 1 } })
})

it("undoes no rollback: what it set aside is kept to be looked at", async () => {
  const { store, record } = await storeWith({ ...bare, by: "rollback" })

  await expect(findKept({ store }, { name: "chat" }, "op1")).rejects.toMatchObject({ code: "UNDO_UNAVAILABLE" })
  expect(isUndoable(record)).toBe(false)
})

it("offers nothing that was released", async () => {
  const { record } = await storeWith(bare)

  expect(isUndoable({ ...record, releasedAt: new Date() })).toBe(false)
})
