/** Updates over the API: what the page says comes from the store alone; a plan is shown, confirmed and done once; and who may. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { z } from "zod"
import { auditPage } from "../../src/contract/api/accounts.ts"
import { accepted } from "../../src/contract/api/shapes.ts"
import { plannedRollback, plannedUpdate, updatesPage, type UpdatesPage } from "../../src/contract/api/updates.ts"
import type { OperationKind, OperationRecord } from "../../src/operation/ports.ts"
import { rememberFound, rememberProblem } from "../../src/surface/house/found-updates.ts"
import { rememberWindow } from "../../src/surface/house/missed-window.ts"
import { apiClient, type Answer, type ApiClient } from "../fixture/api-client.ts"
import { PASSWORD, testPanel, type TestPanel } from "../fixture/panel.ts"
import { updatePlanDocument } from "../fixture/panel/update-documents.ts"
import { recordedWork, type WorkAsked } from "../fixture/update-work.ts"

const SETTINGS = `vaults:
  local: { path: ./vault }
apps:
  chat:
    compose: ./compose.yml
    files: { up: { path: ./up } }
    updates: { source: registry, repositories: [registry.example/chat/web], automatic: true, window: "Sun 03:00-05:00" }
  notes:
    compose: ./compose.yml
    files: { up: { path: ./up } }
`
const PAGE = "/api/v1/apps/chat/updates"
const FIVE_MINUTES_MS = 5 * 60_000 + 1000

let panel: TestPanel
let work: WorkAsked
let owner: ApiClient

beforeEach(async () => {
  work = recordedWork()
  const files = { "compose.yml": "services: { web: { image: registry.example/chat/web:2.4.1 } }\n" }
  panel = await testPanel({ settings: SETTINGS, updates: work.work, files })
  owner = await panel.owner()
})

afterEach(async () => await panel.dispose())

const page = async (): Promise<UpdatesPage> => await owner.read(updatesPage, PAGE)
const send = async (route: string, body: object, client = owner): Promise<Answer> =>
  await client.send("POST", `/api/v1/apps/chat/${route}`, body)
const planId = async (): Promise<string | null> => plannedUpdate.parse((await send("update-plan", {})).body).planId
const rollbackId = async (): Promise<string> => plannedRollback.parse((await send("rollback-plan", {})).body).planId

/** Something that ended at this instant. */
async function record(kind: OperationKind, id: string, at: Date, more: Partial<OperationRecord>): Promise<void> {
  const host = await panel.house.use.host()
  await panel.store.createOperation({
    id,
    kind,
    app: "chat",
    holder: host.self("holdfast update apply chat"),
    plan: more.plan ?? null,
    startedAt: at,
  })
  const end = { outcome: more.outcome ?? ("succeeded" as const), errorCode: more.errorCode ?? null, message: more.message ?? null }
  await panel.store.finishOperation(id, { finishedAt: at, ...end, result: more.result ?? null })
}

const day = (date: number): Date => new Date(Date.UTC(2026, 0, date))
const found = async (): Promise<void> =>
  await rememberFound(panel.store, "chat", {
    running: "2.4.1",
    hops: [updatePlanDocument.to],
    lookedAt: day(10),
    notices: ["a newer tag is too young"],
  })

describe("the page of an app's updates", () => {
  it("says what is known without asking anybody, and that nobody looked yet", async () => {
    expect(await page()).toMatchObject({
      running: null,
      latest: null,
      lookedAt: null,
      releases: [],
      proof: null,
      history: [],
      rollback: null,
    })
    expect((await page()).rules).toMatchObject({
      source: "registry",
      automatic: true,
      window: "Sun 03:00-05:00",
      rollbackWindowMs: 86_400_000,
    })
    expect((await owner.read(updatesPage, "/api/v1/apps/notes/updates")).rules).toBeNull()
    await found()
    const proof = {
      app: "chat",
      point: "p1",
      vault: "local",
      level: "restored" as const,
      at: day(9),
      durationMs: 1,
      operationId: "op",
      details: null,
    }
    await panel.store.putProof(proof)
    await panel.store.putProof({ ...proof, level: "read", at: day(10), point: "p2" })
    expect(await page()).toMatchObject({
      running: "2.4.1",
      latest: "2.5.0",
      releases: [{ version: "2.5.0", notes: expect.stringContaining("<b>Uploads</b>") }],
      notices: ["a newer tag is too young"],
      proof: { point: "p1", level: "restored" },
    })
    expect(work.asked).toEqual([])
  })

  it("keeps what was found when a later search fails, and says why", async () => {
    await found()
    await rememberProblem(panel.store, "chat", "the registry does not answer")
    expect(await page()).toMatchObject({ latest: "2.5.0", lookProblem: "the registry does not answer" })
  })

  it("has the history with measured and predicted downtime, the rehearsal, and the way back while it is kept", async () => {
    await found()
    const report = { outcome: "applied", downtimeMs: 6_900, predictedDowntimeMs: 7_100, why: null }
    await record("update", "op-1", day(8), { plan: { from: { version: "2.4.0" }, to: { version: "2.4.1" } }, result: report })
    const failure = { outcome: "rolled back", downtimeMs: 20_000, why: "worker restarted" }
    await record("update", "op-2", day(9), {
      plan: { from: { version: "2.4.1" }, to: { version: "2.4.2" } },
      result: failure,
      outcome: "failed",
    })
    await record("rehearse", "op-3", day(10), {
      plan: { from: "2.4.1", to: "2.5.0" },
      result: z.json().parse(updatePlanDocument.rehearsal),
    })
    await record("backup", "op-4", day(11), {})
    const keptUntil = new Date(panel.nowMs() + 60_000)
    await panel.store.putKept({ operationId: "op-1", app: "chat", keptUntil, releasedAt: null, details: { by: "update" } })
    const { history, rehearsal, rollback } = await page()
    expect(history.map(({ operationId, outcome, from, to }) => [operationId, outcome, from, to].join(" "))).toEqual([
      "op-3 passed 2.4.1 2.5.0",
      "op-2 rolled back 2.4.1 2.4.2",
      "op-1 applied 2.4.0 2.4.1",
    ])
    expect(history[1]?.why).toBe("worker restarted")
    expect(history[2]).toMatchObject({ downtimeMs: 6_900, predictedDowntimeMs: 7_100 })
    expect(rehearsal).toMatchObject({ version: "2.5.0", passed: true })
    expect(rollback).toMatchObject({ operationId: "op-1", from: "2.4.1", to: "2.4.0" })
    panel.advance(61_000)
    expect((await page()).rollback).toBeNull()
  })

  it("knows of an update that came after the last search, whoever did it", async () => {
    await found()
    await record("update", "op-5", day(11), {
      plan: { from: { version: "2.4.1" }, to: { version: "2.5.0" } },
      result: { outcome: "applied" },
    })
    expect(await page()).toMatchObject({ running: "2.5.0", latest: null, releases: [] })
  })

  it("says why a window passed, as long as updates go by themselves", async () => {
    await rememberWindow(panel.store, "chat", { version: "2.5.0", at: day(10).toISOString(), reason: "it is a major version" })
    expect((await page()).missed).toMatchObject({ version: "2.5.0", reason: "it is a major version" })
  })
})

describe("an update that is asked for", () => {
  it("is planned, confirmed by name, and done as it was shown, once", async () => {
    const planned = plannedUpdate.parse((await send("update-plan", {})).body)
    expect(planned.lines).toContain("expected downtime: 7.3 s")
    expect(await send("update", { planId: planned.planId, confirm: "cat" })).toMatchObject({ status: 409, code: "CONFIRMATION_REFUSED" })
    const answer = await send("update", { planId: planned.planId, confirm: "chat" })
    expect(answer.status).toBe(202)
    const { operationId } = accepted.parse(answer.body)
    await vi.waitFor(async () => expect((await page()).history[0]).toMatchObject({ operationId, outcome: "applied", to: "2.5.0" }))
    expect(work.asked).toEqual(["plan chat", "apply chat 2.5.0"])
    expect((await send("update", { planId: planned.planId, confirm: "chat" })).code).toBe("PLAN_STALE")
    const { entries } = await owner.read(auditPage, "/api/v1/audit")
    expect(entries.find(({ outcome }) => outcome === "allowed")).toMatchObject({ action: "update", app: "chat", subject: "2.5.0" })
  })

  it("that failed before, or meets a difference, is done only where the plan that was confirmed was made so", async () => {
    const choices = { again: true, acceptDrift: true }
    const { planId: wanted } = plannedUpdate.parse((await send("update-plan", choices)).body)
    expect((await send("update", { planId: wanted, confirm: "chat" })).status).toBe(202)
    await vi.waitFor(() => expect(work.asked).toEqual(["plan chat again accept-drift", "apply chat 2.5.0 again accept-drift"]))
    work.plan({})
    expect((await send("update", { planId: await planId(), confirm: "chat", ...choices })).status).toBe(202)
    await vi.waitFor(() => expect(work.asked.slice(2)).toEqual(["plan chat", "apply chat 2.5.0"]))
    const { entries } = await owner.read(auditPage, "/api/v1/audit")
    const updates = entries.filter(({ action, outcome }) => action === "update" && outcome === "allowed")
    expect(updates.map(({ details }) => details)).toEqual([{ again: false, acceptDrift: false }, choices])
  })

  it("is rehearsed as an operation of its own", async () => {
    const { operationId } = accepted.parse((await send("rehearse", {})).body)
    await vi.waitFor(async () => expect((await page()).history[0]).toMatchObject({ operationId, kind: "rehearse", outcome: "passed" }))
    expect(work.asked).toEqual(["rehearse chat"])
  })

  it("is refused when it would be another by now, and when it is over", async () => {
    const first = await planId()
    work.plan({ edits: [] })
    expect((await send("update", { planId: first, confirm: "chat" })).code).toBe("PLAN_STALE")
    const second = await planId()
    panel.advance(15 * 60_000 + 1000)
    expect((await owner.send("POST", "/api/v1/me/confirm", { password: PASSWORD })).status).toBe(200)
    expect((await send("update", { planId: second, confirm: "chat" })).code).toBe("PLAN_STALE")
    work.plan(null)
    expect(plannedUpdate.parse((await send("update-plan", {})).body)).toMatchObject({ planId: null, plan: null, running: "2.4.1" })
  })

  it("goes back by a plan of its own", async () => {
    const planned = plannedRollback.parse((await send("rollback-plan", {})).body)
    expect(planned.lines.join("\n")).toContain("12 rows were written since the update")
    expect((await send("rollback", { planId: planned.planId, confirm: "cat" })).code).toBe("CONFIRMATION_REFUSED")
    expect((await send("rollback", { planId: planned.planId, confirm: "chat" })).status).toBe(202)
    await vi.waitFor(() => expect(work.asked).toEqual(["plan-rollback chat newest", "rollback chat op-20"]))
  })

  it("is looked for now, and the page answers with what was found", async () => {
    expect(updatesPage.parse((await send("update-check", {})).body).app).toBe("chat")
    expect(work.asked).toEqual(["look chat"])
  })
})

describe("who may", () => {
  it("needs a second factor of a moment ago for applying and going back, and not for looking, planning and rehearsing", async () => {
    panel.advance(FIVE_MINUTES_MS)
    for (const [route, body] of [
      ["update", { planId: await planId(), confirm: "chat" }],
      ["rollback", { planId: await rollbackId(), confirm: "chat" }],
    ] as const)
      expect(await send(route, body)).toMatchObject({ status: 403, code: "SECOND_FACTOR_NEEDED" })
    expect((await send("update-check", {})).status).toBe(200)
    expect((await owner.send("POST", "/api/v1/me/confirm", { password: PASSWORD })).status).toBe(200)
    expect((await send("update", { planId: await planId(), confirm: "chat" })).status).toBe(202)
  })

  it("is the role update.apply; a viewer may look, whoever may back up may not update", async () => {
    const as = async (role: string): Promise<ApiClient> => {
      const made = await owner.send("POST", "/api/v1/api-keys", { name: role, grants: [{ role, apps: ["chat"] }], unattended: true })
      return apiClient(panel.listening.url, { key: z.object({ key: z.string() }).parse(made.body).key })
    }
    const [viewer, manager, updater] = [await as("viewer"), await as("backup.manage"), await as("update.apply")]
    expect((await viewer.get(PAGE)).status).toBe(200)
    for (const client of [viewer, manager]) {
      for (const route of ["update-check", "update-plan", "rehearse", "update", "rollback-plan", "rollback"])
        expect((await send(route, {}, client)).code, route).toBe("ROLE_MISSING")
    }
    expect((await send("update-plan", {}, updater)).status).toBe(200)
    expect((await updater.send("POST", "/api/v1/apps/notes/update-plan", {})).code).toBe("ROLE_MISSING")
  })

  it("cannot do what another person was shown", async () => {
    const made = await owner.send("POST", "/api/v1/api-keys", {
      name: "k",
      grants: [{ role: "update.apply", apps: null }],
      unattended: true,
    })
    const other = apiClient(panel.listening.url, { key: z.object({ key: z.string() }).parse(made.body).key })
    expect((await send("update", { planId: await planId(), confirm: "chat" }, other)).code).toBe("PLAN_STALE")
    expect((await send("rollback", { planId: await rollbackId(), confirm: "chat" }, other)).code).toBe("PLAN_STALE")
  })
})
