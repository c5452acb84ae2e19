/** The service as an operator runs it: real processes, a real vault, a schedule that comes every minute. */
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { expect, it, onTestFinished } from "vitest"
import { operationsOutput, pointsOutput } from "../../src/contract/output.ts"
import { runDueOutput, serveOutput } from "../../src/contract/output-service.ts"
import { systemClock } from "../../src/base/clock.ts"
import type { SlotRecord, Store } from "../../src/operation/ports.ts"
import { signatureOf } from "../../src/schedule/due.ts"
import { entriesOf } from "../../src/surface/service/entries.ts"
import { loadSettings } from "../../src/settings/settings.ts"
import { createHostIdentity } from "../../src/tool/process/host.ts"
import { openSqliteStore } from "../../src/tool/store/store.ts"
import { describeNeeding } from "../fixture/needs.ts"
import type { StartedCli } from "./cli.ts"
import { sqliteApp, type SqliteApp } from "./sqlite-app.ts"

const DAILY = `    schedules: { nightly: { cron: "0 3 * * *", keep: { last: 1 } } }`
const WAIT = { timeout: 90_000, interval: 100 }

async function storeOf(app: SqliteApp): Promise<Store> {
  const host = createHostIdentity({ hostName: "test", processId: process.pid })
  const store = await openSqliteStore(join(app.directory, "state", "store.sqlite"), { host, clock: systemClock })
  onTestFinished(async () => await store.close())
  return store
}

/** As if schedules had been seen for days while nobody ran them. */
async function seenDaysAgo(app: SqliteApp, store: Store, days: number, which: string): Promise<void> {
  for (const entry of entriesOf(loadSettings(app.settingsFile, {}))) {
    if (entry.schedule !== which) continue
    const seenAt = new Date(Date.now() - days * 86_400_000).toISOString()
    await store.setValue(`seen:${entry.app}:${entry.schedule}`, JSON.stringify({ signature: signatureOf(entry), at: seenAt }))
  }
}

const nightly = async (store: Store): Promise<readonly SlotRecord[]> => await store.slots({ app: "chat", schedule: "schedules.nightly" })

function serve(app: SqliteApp): StartedCli {
  const started = app.cli.start("serve", "--no-panel", "--json")
  onTestFinished(async () => {
    started.kill("SIGKILL")
    await started.done
  })
  return started
}

describeNeeding("restic")("the service", () => {
  it("catches up once, keeps what the policy says of what is proven, and ends cleanly within seconds of SIGTERM", async () => {
    const app = await sqliteApp(DAILY)
    const store = await storeOf(app)
    for (let index = 0; index < 2; index += 1) expect((await app.cli.run("backup")).exitCode).toBe(0)
    expect((await app.cli.run("verify")).exitCode).toBe(0)
    await seenDaysAgo(app, store, 3, "schedules.nightly")

    const service = serve(app)
    await expect.poll(async () => (await nightly(store)).map(({ outcome }) => outcome), WAIT).toEqual(["succeeded"])
    service.kill("SIGTERM")
    const ended = await service.done

    expect(ended).toMatchObject({ exitCode: 0, signal: null })
    const { ran } = serveOutput.parse(JSON.parse(ended.stdout))
    expect(ran).toMatchObject([{ app: "chat", schedule: "schedules.nightly", outcome: "succeeded", missed: expect.toBeOneOf([1, 2]) }])
    // Of the three points the oldest went: the middle one is the newest that is proven.
    const { points } = await app.cli.json(pointsOutput, ["points", "chat"])
    expect(points.map(({ trigger }) => trigger)).toEqual(["schedule", "manual"])
    const { operations } = await app.cli.json(operationsOutput, ["operations"])
    expect(operations.filter(({ status }) => status !== "finished")).toEqual([])
  })

  it("killed in the middle of a scheduled backup, the next start settles it and runs the slot again", async () => {
    const app = await sqliteApp(DAILY)
    const store = await storeOf(app)
    await seenDaysAgo(app, store, 1.5, "schedules.nightly")
    const first = serve(app)
    await expect.poll(async () => (await store.operations({ unfinished: true })).length, { ...WAIT, interval: 5 }).toBe(1)
    first.kill("SIGKILL")
    await first.done
    expect(await nightly(store)).toMatchObject([{ outcome: "running" }])

    serve(app)
    await expect.poll(async () => (await nightly(store)).map(({ outcome }) => outcome), WAIT).toEqual(["succeeded"])
    const { operations } = await app.cli.json(operationsOutput, ["operations"])
    const backups = operations.filter(({ kind }) => kind === "backup")
    expect(backups.map(({ outcome, errorCode }) => [outcome, errorCode])).toEqual([
      ["succeeded", null],
      [expect.anything(), "INTERRUPTED"],
    ])
  })

  it("stopped in the middle of a scheduled backup, the app runs, nothing is left, and the next start runs the slot again", async () => {
    const app = await sqliteApp(`    schedules: { nightly: { cron: "0 3 * * *", cold: true } }`)
    const store = await storeOf(app)
    await seenDaysAgo(app, store, 1.5, "schedules.nightly")
    const first = serve(app)
    await expect.poll(async () => (await store.operations({ unfinished: true })).length, { ...WAIT, interval: 5 }).toBe(1)
    first.kill("SIGTERM")
    expect(await first.done).toMatchObject({ exitCode: 0 })
    expect((await store.operations({ unfinished: true })).length).toBe(0)
    expect((await app.facts()).corruptRows).toBe(0)

    const [{ outcome } = { outcome: "none" }] = await nightly(store)
    expect(["running", "succeeded"]).toContain(outcome)
    serve(app)
    await expect.poll(async () => (await nightly(store)).map((slot) => slot.outcome), WAIT).toEqual(["succeeded"])
  })

  it("two services and a timer on one store run the slot once", async () => {
    const app = await sqliteApp(DAILY)
    const store = await storeOf(app)
    await seenDaysAgo(app, store, 1.5, "schedules.nightly")
    const services = [serve(app), serve(app)]
    const timer = await app.cli.run("run-due")
    expect(timer.exitCode).toBe(0)
    await expect.poll(async () => (await nightly(store)).map(({ outcome }) => outcome), WAIT).toEqual(["succeeded"])
    for (const service of services) service.kill("SIGTERM")
    await Promise.all(services.map(async (service) => await service.done))
    expect((await store.operations({ app: "chat" })).filter(({ kind }) => kind === "backup")).toHaveLength(1)
  })

  it("a broken edit keeps the last good settings in force, and the corrected file is followed at once", async () => {
    const app = await sqliteApp(DAILY)
    const store = await storeOf(app)
    const service = serve(app)
    const good = await readFile(app.settingsFile, "utf8")
    await expect.poll(async () => await store.value("seen:chat:schedules.nightly"), WAIT).not.toBeNull()
    await writeFile(app.settingsFile, good.replace("cron:", "corn:"))
    await expect.poll(async () => (await store.alarms({ open: true })).map(({ kind }) => kind), WAIT).toContain("settings-broken")
    await writeFile(app.settingsFile, good.replace("nightly:", "evening:"))
    await expect.poll(async () => await store.value("seen:chat:schedules.evening"), { ...WAIT, timeout: 5000 }).not.toBeNull()
    service.kill("SIGTERM")
    expect(await service.done).toMatchObject({ exitCode: 0 })
  })
})

describeNeeding("restic")("run-due", () => {
  it("shows what is due without doing it, does it once, and tells what comes next", async () => {
    const app = await sqliteApp(DAILY)
    const store = await storeOf(app)
    await seenDaysAgo(app, store, 1.5, "schedules.nightly")
    const planned = await app.cli.json(runDueOutput, ["run-due", "--plan"])
    expect(planned).toMatchObject({ due: [{ app: "chat", schedule: "schedules.nightly" }], ran: [] })
    expect(await nightly(store)).toEqual([])

    const ran = await app.cli.json(runDueOutput, ["run-due"])
    expect(ran.ran).toMatchObject([{ schedule: "schedules.nightly", outcome: "succeeded", slot: planned.due[0]?.slot }])
    expect(ran.next.map(({ schedule }) => schedule).toSorted()).toEqual([
      "holdfast.keys",
      "holdfast.read",
      "holdfast.self",
      "schedules.nightly",
    ])
    expect((await app.cli.json(runDueOutput, ["run-due"])).ran).toEqual([])
  })

  it("does Holdfast's own: reads points back, opens vaults with their keys, protects itself so that it can be restored", async () => {
    const app = await sqliteApp(DAILY)
    const store = await storeOf(app)
    expect((await app.cli.run("backup")).exitCode).toBe(0)
    for (const own of ["holdfast.read", "holdfast.keys", "holdfast.self"]) await seenDaysAgo(app, store, 2, own)
    const { ran } = await app.cli.json(runDueOutput, ["run-due"])
    expect(ran.map(({ schedule, outcome }) => [schedule, outcome]).toSorted(byName)).toEqual([
      ["holdfast.keys", "succeeded"],
      ["holdfast.read", "succeeded"],
      ["holdfast.self", "succeeded"],
    ])
    expect((await store.proofs("chat")).map(({ level }) => level)).toContain("read")
    expect(await store.value("key-proven:local")).not.toBeNull()
    const { points } = await app.cli.json(pointsOutput, ["points", "holdfast"])
    expect(points).toMatchObject([{ app: "holdfast", trigger: "self" }])
    const into = join(app.directory, "restored")
    expect((await app.cli.run("restore", "holdfast", "latest", "--into", into, "--yes")).exitCode).toBe(0)
  })

  it("exits 3 and says why when what was due failed, and the failed slot is not tried again by itself", async () => {
    const app = await sqliteApp(DAILY)
    const store = await storeOf(app)
    await seenDaysAgo(app, store, 1.5, "schedules.nightly")
    await writeFile(join(app.folder, "secrets", "empty"), "")
    const { ran } = await app.cli.json(runDueOutput, ["run-due"], 3)
    expect(ran).toMatchObject([{ outcome: "failed", reason: expect.stringContaining("empty") }])
    expect((await app.cli.json(runDueOutput, ["run-due"])).ran).toEqual([])
  })

  it("takes secrets and configuration only when they changed", async () => {
    const app = await sqliteApp(`    schedules: { versions: { cron: "0 3 * * *", on: change } }`)
    const store = await storeOf(app)
    const runVersions = async (): Promise<readonly unknown[]> => {
      forgetSlots(app)
      await seenDaysAgo(app, store, 1.5, "schedules.versions")
      return (await app.cli.json(runDueOutput, ["run-due"])).ran.map(({ outcome, reason }) => [outcome, reason])
    }
    expect(await runVersions()).toEqual([["succeeded", null]])
    expect(await runVersions()).toEqual([["succeeded", "nothing has changed"]])
    await writeFile(join(app.folder, "secrets", "another"), "secret")
    expect(await runVersions()).toEqual([["succeeded", null]])

    const { points } = await app.cli.json(pointsOutput, ["points", "chat"])
    expect(points.map(({ parts }) => parts.toSorted())).toEqual([
      ["configuration", "secrets"],
      ["configuration", "secrets"],
    ])
    // What a person means by the latest state holds data.
    expect((await app.cli.run("backup")).exitCode).toBe(0)
    await writeFile(join(app.folder, "secrets", "third"), "secret")
    expect(await runVersions()).toEqual([["succeeded", null]])
    const shown = await app.cli.run("show", "chat", "latest", "--json")
    expect(shown.stdout).toContain("database:main")
  })
})

function byName([left = ""]: readonly string[], [right = ""]: readonly string[]): number {
  return left < right ? -1 : 1
}

/** The same slots are owed again. */
function forgetSlots(app: SqliteApp): void {
  const database = new DatabaseSync(join(app.directory, "state", "store.sqlite"))
  database.exec("DELETE FROM slot")
  database.close()
}
