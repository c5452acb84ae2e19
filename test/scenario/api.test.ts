/** Everything by the API, as the panel does it: a real `holdfast serve`, a real app, a real vault. */
import { randomBytes } from "node:crypto"
import { readFileSync, readdirSync } from "node:fs"
import { readFile, rm, writeFile } from "node:fs/promises"
import { request, type IncomingMessage } from "node:http"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, expect, it, vi } from "vitest"
import { z } from "zod"
import { auditPage } from "../../src/contract/api/accounts.ts"
import { appPage } from "../../src/contract/api/app.ts"
import { notifications, notificationsTested } from "../../src/contract/api/notifications.ts"
import { operationPage, operationsPage } from "../../src/contract/api/operations.ts"
import { overview } from "../../src/contract/api/overview.ts"
import { compared, filesPage, pointPage, pointsPage } from "../../src/contract/api/points.ts"
import { restorePlan, undoPlan } from "../../src/contract/api/restore.ts"
import { expirePlan, retention, retentionPreview } from "../../src/contract/api/retention.ts"
import { schedulePreview, schedulesPage } from "../../src/contract/api/schedules.ts"
import { accepted } from "../../src/contract/api/shapes.ts"
import { vaultsPage } from "../../src/contract/api/vaults.ts"
import { apiClient, type ApiClient } from "../fixture/api-client.ts"
import { freePort } from "../fixture/free-port.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { webSink } from "../fixture/notice/web-sink.ts"
import type { StartedCli } from "./cli.ts"
import { smallWorld, type SmallWorld } from "./small-world.ts"

const MINUTES_MS = 60_000
const PASSWORD = "correct horse battery"
const CANARIES = { password: "canary-api-db-5513", secret: "canary-api-secret-7741" }

let world: SmallWorld
let service: StartedCli
let owner: ApiClient
let url = ""

beforeAll(async () => {
  world = await smallWorld(CANARIES)
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const file = join(world.directory, "holdfast.yaml")
  const text = await readFile(file, "utf8")
  const schedules = `    schedules:\n      # while all sleep\n      nightly: { cron: "0 3 * * *", timezone: Europe/Berlin, keep: { last: 1 } } # never at noon\n`
  await writeFile(file, `${text}${schedules}panel: { listen: "127.0.0.1:${port}" }\n`)
  service = world.cli.start("serve")
  await vi.waitFor(() => expect(service.said()).toContain("with the token"), { timeout: MINUTES_MS })
  const token = /with the token (\w+)/.exec(service.said())?.[1]
  owner = apiClient(url)
  expect((await owner.send("POST", "/api/v1/setup", { token, username: "ada", name: "Ada", password: PASSWORD })).status).toBe(201)
  expect((await owner.signIn("ada", PASSWORD)).status).toBe(200)
}, 3 * MINUTES_MS)

afterAll(async () => {
  service.kill("SIGTERM")
  await service.done
  await world.dispose()
})

async function listed() {
  return (await owner.read(operationsPage, "/api/v1/operations?app=notes")).operations
}

/** Begins it, follows its events to the end, and returns them with the operation. */
async function doIt(path: string, body: unknown = {}) {
  const known = new Set((await listed()).map(({ id }) => id))
  const answer = await owner.send("POST", path, body)
  expect(answer, answer.text).toMatchObject({ status: 202 })
  // A slow machine is still preparing when the answer has to be given; then the run is listed as soon as it begins.
  const begunLater = async () => await vi.waitUntil(async () => (await listed()).find(({ id }) => !known.has(id)), { timeout: MINUTES_MS })
  const operationId = accepted.parse(answer.body).operationId ?? (await begunLater()).id
  const stream = await owner.get(`/api/v1/operations/${operationId}/events`)
  expect(stream.headers.get("content-type")).toBe("text/event-stream")
  const events = [...stream.text.matchAll(/^data: (.*)$/gm)].map((found) =>
    z.object({ type: z.string(), outcome: z.string().nullish() }).parse(JSON.parse(found[1] ?? "")),
  )
  const page = await owner.read(operationPage, `/api/v1/operations/${operationId}`)
  return { events, page, id: operationId }
}

/** The beginning of an answer that nobody reads on. */
async function begun(path: string): Promise<IncomingMessage> {
  return await new Promise((done, failed) => {
    const asked = request(`${url}${path}`, { headers: { cookie: owner.cookie() } }, done)
    asked.on("error", failed)
    asked.end()
  })
}

/** Processes that read a file out of this world's vault. */
function dumps(): readonly string[] {
  const numbers = readdirSync("/proc").filter((name) => /^\d+$/.test(name))
  return numbers.flatMap((number) => {
    try {
      const words = readFileSync(`/proc/${number}/cmdline`, "utf8").split("\0")
      const ours = `${words.join(" ")} ${readFileSync(`/proc/${number}/environ`, "utf8")}`.includes(world.vault)
      return ours && words.includes("dump") ? [number] : []
    } catch {
      return []
    }
  })
}

describeNeeding("restic", "postgres")("the API", () => {
  it(
    "takes a point, follows it to its end, and shows it: overview, app, points, files, comparison",
    { timeout: 3 * MINUTES_MS },
    async () => {
      const { events, page } = await doIt("/api/v1/apps/notes/backup", { label: "by hand" })
      expect(events.at(-1)).toMatchObject({ type: "end", outcome: "succeeded" })
      expect(events.some(({ type }) => type === "step")).toBe(true)
      expect(page.operation).toMatchObject({ kind: "backup", app: "notes", status: "finished", outcome: "succeeded" })
      expect(page.operation.holder.command).toBe("holdfast backup notes (panel, ada)")
      const { points } = await owner.read(pointsPage, "/api/v1/apps/notes/points")
      expect(points).toMatchObject([{ label: "by hand", pinned: false, copies: [{ vault: "local" }], keep: { keep: true } }])
      const id = points[0]?.id ?? ""

      const verified = await doIt(`/api/v1/apps/notes/points/${id}/verify`)
      expect(verified.page.operation.outcome).toBe("succeeded")
      expect((await owner.send("POST", `/api/v1/apps/notes/points/${id}/pin`, { reason: "the first" })).status).toBe(200)
      const shown = await owner.read(pointPage, `/api/v1/apps/notes/points/${id}`)
      expect(shown.show).toMatchObject({ pinned: true, pinReason: "the first", proofs: [{ level: "read" }] })
      expect(shown.parts.find(({ part }) => part === "database:main")).toMatchObject({ byDefault: true, browsable: false })

      const { apps } = await owner.read(overview, "/api/v1/overview")
      expect(apps.find(({ app }) => app === "notes")).toMatchObject({
        protected: true,
        points: 1,
        nextRun: { schedule: "nightly" },
        newestOperation: { kind: "pin" },
      })
      expect((await owner.read(appPage, "/api/v1/apps/notes")).trend).toMatchObject([{ point: id, rows: expect.any(Number) }])
      expect((await owner.read(compared, `/api/v1/apps/notes/compare?from=${id}&to=latest`)).parts.every(({ same }) => same)).toBe(true)
      expect((await owner.read(vaultsPage, "/api/v1/vaults?check=true")).vaults).toMatchObject([
        { reachable: true, points: 1, kitTaken: false },
      ])
    },
  )

  it("shows files of a point and hands one out as an attachment, which the audit log tells", { timeout: 2 * MINUTES_MS }, async () => {
    const at = "/api/v1/apps/notes/points/latest"
    const { entries } = await owner.read(filesPage, `${at}/files?part=files:uploads`)
    expect(entries.map(({ path }) => path)).toEqual(
      expect.arrayContaining([expect.stringContaining("one.txt"), expect.stringContaining("odd\nname")]),
    )
    expect((await owner.read(filesPage, `${at}/files?part=files:uploads&path=inner`)).entries).toHaveLength(1)
    const file = await owner.get(`${at}/download?part=files:uploads&path=one.txt`)
    expect(file.text).toBe("first upload\n")
    expect(file.headers.get("content-disposition")).toMatch(/^attachment; filename="one.txt"/)
    expect(file.headers.get("content-type")).toBe("application/octet-stream")
    expect(file.headers.get("x-content-type-options")).toBe("nosniff")
    expect((await owner.get(`${at}/download?part=files:uploads&path=../../etc/passwd`)).code).toBe("PART_UNKNOWN")
    expect((await owner.get(`${at}/download?part=files:uploads&path=link`)).code).toBe("REQUEST_INVALID")
    const { entries: audit } = await owner.read(auditPage, "/api/v1/audit")
    expect(audit.find(({ action, outcome }) => action === "download" && outcome === "allowed")).toMatchObject({
      actor: "ada",
      app: "notes",
      details: { path: "one.txt" },
    })
  })

  it("restores by a plan, the app's name and a fresh factor, and undoes it", { timeout: 4 * MINUTES_MS }, async () => {
    const upload = join(world.directory, "notes", "uploads", "one.txt")
    await writeFile(upload, "written since\n")
    const at = "/api/v1/apps/notes/points/latest"
    const plan = restorePlan.parse((await owner.send("POST", `${at}/restore-plan`, { only: ["files"] })).body)
    expect(plan.replaces.map(({ part }) => part).toSorted()).toEqual(["files:empty", "files:uploads"])
    expect(plan.lines.join("\n")).toContain("a safety point is taken first")
    expect((await owner.send("POST", `${at}/restore`, { planId: plan.planId, confirm: "chat" })).code).toBe("CONFIRMATION_REFUSED")
    const stranger = apiClient(url)
    expect((await stranger.send("POST", `${at}/restore`, { planId: plan.planId, confirm: "notes" })).code).toBe("SIGN_IN_NEEDED")

    const restored = await doIt(`${at}/restore`, { planId: plan.planId, confirm: "notes" })
    expect(restored.page).toMatchObject({ operation: { kind: "restore", outcome: "succeeded" }, undo: { available: true } })
    expect(await readFile(upload, "utf8")).toBe("first upload\n")
    expect((await owner.send("POST", `${at}/restore`, { planId: plan.planId, confirm: "notes" })).code).toBe("PLAN_STALE")

    const back = undoPlan.parse((await owner.send("POST", `/api/v1/operations/${restored.id}/undo-plan`)).body)
    const undone = await doIt(`/api/v1/operations/${restored.id}/undo`, { planId: back.planId, confirm: "notes" })
    expect(undone.page.operation.outcome).toBe("succeeded")
    expect(await readFile(upload, "utf8")).toBe("written since\n")
  })

  it("says why points are kept, what another policy would do, and lets go as planned", { timeout: 3 * MINUTES_MS }, async () => {
    const [first] = (await owner.read(pointsPage, "/api/v1/apps/notes/points")).points.toReversed()
    expect((await owner.send("POST", `/api/v1/apps/notes/points/${first?.id ?? ""}/unpin`)).status).toBe(200)
    await doIt("/api/v1/apps/notes/backup")
    await doIt("/api/v1/apps/notes/points/latest/verify")
    const kept = await owner.read(retention, "/api/v1/apps/notes/retention")
    expect(kept.points[0]).toMatchObject({
      keep: true,
      reasons: expect.arrayContaining([{ rule: "last", text: "one of the last 1" }]),
      goesAt: expect.any(String),
    })
    const other = retentionPreview.parse(
      (await owner.send("POST", "/api/v1/apps/notes/retention-preview", { keep: { last: 5 }, timezone: "UTC" })).body,
    )
    expect(other.going).toEqual([])
    expect((await owner.send("POST", "/api/v1/apps/notes/retention-preview", { keep: {}, timezone: "UTC" })).code).toBe("RETENTION_INVALID")
    const plan = expirePlan.parse((await owner.send("POST", "/api/v1/apps/notes/expire-plan", {})).body)
    expect(plan.points.find(({ id }) => id === first?.id)).toMatchObject({ keep: false })
    expect((await doIt("/api/v1/apps/notes/expire", { planId: plan.planId, confirm: "notes" })).page.operation.outcome).toBe("succeeded")
    const left = (await owner.read(pointsPage, "/api/v1/apps/notes/points")).points.map(({ id }) => id)
    expect(left).not.toContain(first?.id)
  })

  it("edits a schedule in the file, keeps its comments, and refuses an edit of a file that was changed meanwhile", async () => {
    const file = join(world.directory, "holdfast.yaml")
    const { file: read, schedules } = await owner.read(schedulesPage, "/api/v1/apps/notes/schedules")
    expect(schedules).toMatchObject([{ name: "nightly", cron: "0 3 * * *", nextRuns: expect.any(Array) }])
    const put = async (digest: string | null, body: object) =>
      await owner.send("PUT", "/api/v1/apps/notes/schedules/nightly", body, { "if-match": `"${digest ?? ""}"` })
    const before = await readFile(file, "utf8")
    expect((await put(read.digest, { kind: "backup", cron: "30 4 * * *" })).status).toBe(200)
    expect(await readFile(file, "utf8")).toBe(before.replace("0 3 * * *", "30 4 * * *"))

    const answer = await put(read.digest, { kind: "backup", cron: "0 5 * * *" })
    expect(answer).toMatchObject({ status: 409, code: "SETTINGS_CHANGED" })
    expect(answer.text).toContain("30 4 * * *")
    const { digest } = (await owner.read(schedulesPage, "/api/v1/apps/notes/schedules")).file
    for (const [body, why] of [
      [{ kind: "backup", cron: "0 0 30 2 *" }, "no calendar has such a day"],
      [{ kind: "backup", cron: "0 3 * * *", timezone: "Foo/Bar" }, "Foo/Bar"],
      [{ kind: "backup", cron: "0 3 * * *", vault: "nowhere" }, "nowhere"],
    ] as const) {
      const refused = await put(digest, body)
      expect(refused).toMatchObject({ status: 422, code: "SETTINGS_INVALID" })
      expect(refused.text).toContain(why)
    }
    const preview = schedulePreview.parse(
      (await owner.send("POST", "/api/v1/schedule-preview", { cron: "0 3 * * *", timezone: "Europe/Berlin", keep: { last: 3, daily: 7 } }))
        .body,
    )
    expect(preview.runs).toHaveLength(10)
    expect(preview.kept).toMatchObject({ points: 7 })
  })

  it("restores the rows of single tables, and nothing beside them", { timeout: 3 * MINUTES_MS }, async () => {
    const database = new DatabaseSync(join(world.directory, "notes", "notes.db"))
    const rows = (): unknown => database.prepare("SELECT count(*) AS count FROM Message").get()
    const before = rows()
    database.exec("DELETE FROM Message WHERE id % 2 = 0")
    database.close()
    const upload = join(world.directory, "notes", "uploads", "one.txt")
    await writeFile(upload, "not to be touched\n")
    const at = "/api/v1/apps/notes/points/latest"
    const { parts } = await owner.read(pointPage, at)
    expect(parts.find(({ part }) => part === "database:main")?.tables).toContain("Message")
    const ask = async (body: object) => await owner.send("POST", `${at}/restore-plan`, body)
    expect((await ask({ tables: ["Message"], withImages: true })).code).toBe("REQUEST_INVALID")
    expect((await ask({ tables: ["Nothing"] })).code).toBe("PART_UNKNOWN")

    const plan = restorePlan.parse((await ask({ tables: ["Message"] })).body)
    expect(plan.replaces.map(({ part }) => part)).toEqual(["database:main"])
    expect(plan.tables).toMatchObject([{ database: "main", table: "Message", rowsInPoint: 400 }])
    expect(plan.lines.join("\n")).toContain("rows of Message in main with the point's 400")
    const { page } = await doIt(`${at}/restore`, { planId: plan.planId, confirm: "notes" })
    expect(page.operation.outcome).toBe("succeeded")
    const after = new DatabaseSync(join(world.directory, "notes", "notes.db"), { readOnly: true })
    expect(after.prepare("SELECT count(*) AS count FROM Message").get()).toEqual(before)
    after.close()
    expect(await readFile(upload, "utf8")).toBe("not to be touched\n")
  })

  it("reads a point that was never read before it restores it, unless that is asked for", { timeout: 4 * MINUTES_MS }, async () => {
    await doIt("/api/v1/apps/notes/backup", { label: "never read" })
    const list = async () => (await owner.read(pointsPage, "/api/v1/apps/notes/points")).points.find(({ label }) => label === "never read")
    const at = `/api/v1/apps/notes/points/${(await list())?.id ?? ""}`
    const restored = async (unproven: boolean) => {
      const plan = restorePlan.parse((await owner.send("POST", `${at}/restore-plan`, { only: ["files"], unproven })).body)
      expect(plan).toMatchObject({ proof: null, unproven })
      const { page } = await doIt(`${at}/restore`, { planId: plan.planId, confirm: "notes" })
      expect(page.operation.outcome).toBe("succeeded")
      return { said: plan.lines.join("\n"), proof: (await list())?.proof?.level ?? null }
    }
    const skipped = await restored(true)
    expect(skipped.said).toContain("it was never read back, and that is skipped")
    expect(skipped.proof).toBeNull()
    expect(await restored(false)).toMatchObject({ proof: "read" })
    const { entries } = await owner.read(auditPage, "/api/v1/audit")
    expect(entries.find(({ action, details }) => action === "restore" && JSON.stringify(details).includes('"unproven":true'))).toBeDefined()
  })

  it("ends the download of whoever went away, and with it what reads the vault", { timeout: 3 * MINUTES_MS }, async () => {
    const large = join(world.directory, "notes", "uploads", "large.bin")
    await writeFile(large, randomBytes(48 * 1024 * 1024))
    await doIt("/api/v1/apps/notes/backup", { only: ["files"] })
    await rm(large)
    const answer = await begun("/api/v1/apps/notes/points/latest/download?part=files:uploads&path=large.bin")
    await new Promise((done) => answer.once("readable", done))
    expect(dumps()).toHaveLength(1)
    answer.destroy()
    await vi.waitFor(() => expect(dumps()).toEqual([]), { timeout: MINUTES_MS, interval: 100 })
    expect(service.said()).not.toContain("bug")
  })

  it("tells everybody who is named when it is tested, and says who could not be told", { timeout: 2 * MINUTES_MS }, async () => {
    const hook = await webSink()
    const { file } = await owner.read(notifications, "/api/v1/notifications")
    const webhooks = [`${hook.url}/services/canary-hook-2231`, "http://127.0.0.1:1/canary-hook-2231"]
    const always = { emails: [], webhooks, ntfy: [], ping: null, onSuccess: false }
    const saved = await owner.send("PUT", "/api/v1/notifications", { email: null, always }, { "if-match": `"${file.digest ?? ""}"` })
    expect(saved, saved.text).toMatchObject({ status: 200 })
    const answer = await owner.send("POST", "/api/v1/notifications/test", {})
    expect(notificationsTested.parse(answer.body).sent).toMatchObject([
      { channel: "webhook", to: `webhook at ${new URL(hook.url).host}`, delivered: true, why: null },
      { channel: "webhook", to: "webhook at 127.0.0.1:1", delivered: false, why: expect.any(String) },
    ])
    expect(answer.text).not.toContain("canary-hook")
    // Alarms of the service go there as well from now on.
    const tests = hook.requests.filter((one) => one.body.includes('"event":"test"'))
    expect(tests).toMatchObject([{ method: "POST", path: "/services/canary-hook-2231" }])
    expect(JSON.parse(tests[0]?.body ?? "")).toMatchObject({ format: "holdfast.notice", event: "test" })
  })

  it("copies to a further vault, and afterwards what was pinned since alone", { timeout: 3 * MINUTES_MS }, async () => {
    const { file } = await owner.read(vaultsPage, "/api/v1/vaults")
    const offsite = { vault: "offsite", path: join(world.directory, "offsite") }
    const added = await owner.send("POST", "/api/v1/vaults", offsite, { "if-match": `"${file.digest ?? ""}"` })
    expect(added.status, added.text).toBeLessThan(300)
    const copies = await doIt("/api/v1/apps/notes/copy", { to: ["offsite"] })
    expect(copies.page.operation.outcome).toBe("succeeded")
    expect((await owner.send("POST", "/api/v1/apps/notes/points/latest/pin", { reason: "kept for the audit" })).status).toBe(200)
    const again = await doIt("/api/v1/apps/notes/copy", { to: ["offsite"] })
    expect(again.page.operation).toMatchObject({ kind: "copy", outcome: "succeeded" })
    expect(again.page.operation.steps.map(({ name }) => name)).toEqual(expect.arrayContaining(["carry-pins"]))
    const idle = accepted.parse((await owner.send("POST", "/api/v1/apps/notes/copy", { to: ["offsite"] })).body)
    expect(idle.operationId).toBeNull()
  })

  it("answers live events while something happens", { timeout: 2 * MINUTES_MS }, async () => {
    const over = new AbortController()
    const stream = await fetch(`${url}/api/v1/events`, { headers: { cookie: owner.cookie() }, signal: over.signal })
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
    await owner.send("POST", "/api/v1/apps/notes/points/latest/pin", {})
    let said = ""
    while (!said.includes('"kind":"pin"')) said += (await reader?.read())?.value ?? ""
    over.abort()
    expect(said).toContain('"type":"operation"')
  })

  it("never says a secret: not in an answer, not in its log", () => {
    const everything = `${owner.heard()}\n${service.said()}`
    for (const canary of [...Object.values(CANARIES), PASSWORD]) expect(everything).not.toContain(canary)
  })

  it("measures itself for whoever may look at everything", async () => {
    const answer = await owner.get("/metrics")
    expect(answer.status).toBe(200)
    expect(answer.text).toContain("# HELP")
    for (const canary of Object.values(CANARIES)) expect(answer.text).not.toContain(canary)
  })
})
