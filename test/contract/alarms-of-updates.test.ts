/** What people are told about updates, from what the store holds: news once for each version, a failure until it is over. */
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, it } from "vitest"
import type { OperationRecord } from "../../src/operation/ports.ts"
import { rememberFound } from "../../src/surface/house/found-updates.ts"
import { rememberWindow } from "../../src/surface/house/missed-window.ts"
import { tellRun } from "../../src/surface/service/alarms.ts"
import { world, type World } from "../fixture/alarm-world.ts"
import { webSink, type WebSink } from "../fixture/notice/web-sink.ts"
import { updatePlanDocument } from "../fixture/panel/update-documents.ts"

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const subjects = (sink: WebSink): readonly string[] =>
  sink.requests.map(({ body }) => String(Reflect.get(Object(JSON.parse(body)), "subject")))

async function updated(sink: WebSink): Promise<World> {
  const made = await world("{}")
  await writeFile(join(made.directory, "compose.yml"), "services: { web: { image: registry.example/chat/web:2.4.1 } }\n")
  await made.write(`
vaults: { local: { path: ./vault } }
apps:
  chat:
    compose: ./compose.yml
    databases: { main: { sqlite: ./chat.db } }
    updates: { source: registry, repositories: [registry.example/chat/web], automatic: true, window: "Sun 03:00-05:00", notify: { webhooks: ["${sink.url}/hook"] } }
`)
  return made
}

const found = async ({ store, house }: World, version: string): Promise<void> =>
  await rememberFound(store, "chat", {
    running: "2.4.1",
    hops: [{ ...updatePlanDocument.to, version }],
    lookedAt: house.clock.now(),
    notices: [],
  })

async function ended({ store, house }: World, id: string, to: string, more: Pick<OperationRecord, "outcome" | "result">): Promise<void> {
  const now = house.clock.now()
  const host = await house.use.host()
  const plan = { from: { version: "2.4.1" }, to: { version: to } }
  await store.createOperation({ id, kind: "update", app: "chat", holder: host.self("holdfast serve"), plan, startedAt: now })
  await store.finishOperation(id, { finishedAt: now, errorCode: null, message: null, ...more, outcome: more.outcome ?? "failed" })
}

it("a newer release is news, once for each version, to whom the app's updates name", async () => {
  const sink = await webSink()
  const made = await updated(sink)
  await made.turn()
  expect(sink.requests).toEqual([])
  await found(made, "2.5.0")
  expect(await made.turn()).toContain("update-available:chat:2.5.0")
  await made.turn(HOUR_MS)
  await made.turn(30 * DAY_MS)
  await found(made, "2.5.1")
  await made.turn()
  const about = (version: string): string => `chat: release ${version} is there, 2.4.1 runs`
  const texts = sink.requests.map(({ body }) => body).filter((body) => body.includes("update-available"))
  expect(texts).toHaveLength(2)
  expect(texts[0]).toContain(about("2.5.0"))
  expect(texts[1]).toContain(about("2.5.1"))
  expect(subjects(sink)).toContain("News: chat: a newer release is there (vm1)")
})

it("an update that was rolled back is an alarm until a later one went well", async () => {
  const sink = await webSink()
  const made = await updated(sink)
  await found(made, "2.5.0")
  await made.turn()
  await ended(made, "20261119t120000-aaaaaa", "2.5.0", {
    outcome: "failed",
    result: { outcome: "rolled back", why: "worker restarted 3 times" },
  })
  expect(await made.turn(HOUR_MS)).toContain("update-failed:chat")
  expect(sink.requests.at(-1)?.body).toContain("the update to 2.5.0 was rolled back at 2026-11-19 12:00 UTC: worker restarted 3 times")
  await ended(made, "20261119t130000-bbbbbb", "2.5.0", { outcome: "succeeded", result: { outcome: "applied" } })
  const open = await made.turn(HOUR_MS)
  expect(open).not.toContain("update-failed:chat")
  // It runs now, so it is no news any more.
  expect(open).not.toContain("update-available:chat:2.5.0")
  expect(subjects(sink).at(-1)).toBe("Resolved: chat: an update did not do well (vm1)")
})

it("a window that passed is told with its reason, mildly, until the release runs", async () => {
  const sink = await webSink()
  const made = await updated(sink)
  await found(made, "2.5.0")
  await rememberWindow(made.store, "chat", {
    version: "2.5.0",
    at: "2026-11-15T03:00:00.000Z",
    reason: "it needs 3 h, the whole window is 2 h",
  })
  expect(await made.turn()).toContain("update-missed:chat")
  expect(sink.requests[0]?.body).toContain(
    "2.5.0 was not applied in the window of 2026-11-15 03:00 UTC: it needs 3 h, the whole window is 2 h",
  )
  await ended(made, "20261119t120000-aaaaaa", "2.5.0", { outcome: "succeeded", result: { outcome: "applied" } })
  expect(await made.turn(HOUR_MS)).not.toContain("update-missed:chat")
})

it("an update that went by itself is told to everybody who is named for it, though nobody asked for successes", async () => {
  const sink = await webSink()
  const { house } = await updated(sink)
  const run = { app: "chat", schedule: "updates.window", operationId: "op", text: "chat was updated from 2.4.1 to 2.5.0, down for 7.0 s" }
  await tellRun(house, await house.settings(), "success", run)
  expect(sink.requests).toEqual([])
  await tellRun(house, await house.settings(), "success", { ...run, changed: true })
  expect(subjects(sink)).toEqual(["chat: updates.window succeeded (vm1)"])
  expect(sink.requests[0]?.body).toContain("down for 7.0 s")
})
