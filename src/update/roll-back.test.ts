import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import { systemClock } from "../base/clock.ts"
import type { Json } from "../base/canonical-json.ts"
import { silentLog, silentProgress, type RunContext } from "../base/run-context.ts"
import type { HostIdentity } from "../operation/operation.ts"
import type { KeptRecord, Store } from "../operation/ports.ts"
import { openSqliteStore } from "../tool/store/store.ts"
import { findUpdate } from "./roll-back.ts"

const NOW = new Date("2026-04-19T12:00:00Z")
const host: HostIdentity = {
  self: (command) => ({ host: "vm", bootId: "b", processId: 1, processStart: "1", command }),
  isAlive: () => true,
}
const ctx: RunContext = {
  signal: new AbortController().signal,
  progress: silentProgress,
  log: silentLog,
  clock: { ...systemClock, now: () => NOW },
  operationId: "look",
}
const standstill = { graceSeconds: 1, byCommand: false, rested: [], services: [] }
const prepared = {
  from: "1.0.0",
  to: "1.1.0",
  hotPoint: "hot",
  replacements: [],
  coldDatabases: [],
  standstill,
  services: ["web"],
  jobs: [],
  wellBefore: true,
  vault: "local",
  safetyPoint: "safe",
}

function kept(operationId: string, more: Partial<KeptRecord> = {}, by = "update"): KeptRecord {
  const details: Json = {
    replacements: [],
    standstill,
    safetyPoint: `safe-${operationId}`,
    point: `hot-${operationId}`,
    wellBefore: true,
    by,
    needs: [],
    more: by === "update" ? { prepared, trees: {} } : null,
  }
  return { operationId, app: "chat", keptUntil: new Date("2026-04-20T00:00:00Z"), releasedAt: null, details, ...more }
}

async function storeWith(...records: readonly KeptRecord[]): Promise<{ readonly store: Store }> {
  const store = await openSqliteStore(join(await temporaryDirectory("roll-back"), "store.sqlite"), { host, clock: systemClock })
  onTestFinished(async () => await store.close())
  for (const record of records) await store.putKept(record)
  return { store }
}

const chat = { name: "chat" }
const closed = (why: string, hint: RegExp): Record<string, unknown> => ({
  code: "UPDATE_ROLLBACK_CLOSED",
  message: "there is no update of chat that can be rolled back",
  why,
  hint: expect.stringMatching(hint),
})

it("goes back over the latest update that is kept, named or not", async () => {
  const tools = await storeWith(kept("op1"), kept("op2"))

  expect((await findUpdate(tools, chat, null, ctx)).record.operationId).toBe("op2")
  expect((await findUpdate(tools, chat, "op2", ctx)).kept.prepared).toMatchObject({ from: "1.0.0", to: "1.1.0" })
})

it("is closed when its time is over, although nobody has released the state yet, and names what restores it", async () => {
  const tools = await storeWith(kept("op1", { keptUntil: NOW }))

  await expect(findUpdate(tools, chat, null, ctx)).rejects.toMatchObject(
    closed("its time was over at 2026-04-19T12:00:00.000Z", /^Run `holdfast restore chat safe-op1 --with images`/),
  )
})

it("is closed once the state was released", async () => {
  const tools = await storeWith(kept("op1", { releasedAt: new Date("2026-04-19T10:00:00Z") }))

  await expect(findUpdate(tools, chat, "op1", ctx)).rejects.toMatchObject(
    closed("what it had replaced was released at 2026-04-19T10:00:00.000Z", /safe-op1 --with images/),
  )
})

it("never goes over two updates at once: what the first one kept does not fit what the second one left", async () => {
  const tools = await storeWith(kept("op1"), kept("op2"))

  await expect(findUpdate(tools, chat, "op1", ctx)).rejects.toMatchObject(closed("op2 has updated chat since", /safe-op1 --with images/))
})

it("goes over the update before when the latest one was taken back", async () => {
  const tools = await storeWith(kept("op1"), kept("op2", {}, "rollback"))

  expect((await findUpdate(tools, chat, null, ctx)).record.operationId).toBe("op1")
  await expect(findUpdate(tools, chat, "op2", ctx)).rejects.toMatchObject(
    closed("operation op2 was taken back already", /holdfast points chat/),
  )
})

it("is nothing that a restore can be given to, and nothing without any update", async () => {
  const tools = await storeWith(kept("op1", {}, "restore"))

  await expect(findUpdate(tools, chat, "op1", ctx)).rejects.toMatchObject(closed("operation op1 was no update", /holdfast points chat/))
  await expect(findUpdate(tools, chat, "op9", ctx)).rejects.toMatchObject(closed("operation op9 kept nothing", /holdfast points chat/))
  await expect(findUpdate(tools, chat, null, ctx)).rejects.toMatchObject(closed("no update was kept", /holdfast points chat/))
})
