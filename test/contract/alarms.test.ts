import { rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import type { PointRecord, SlotRecord } from "../../src/operation/ports.ts"
import { openNamedVault } from "../../src/surface/house/subject.ts"
import { gatherAlarmFacts, tellRun } from "../../src/surface/service/alarms.ts"
import { whileAloneTelling } from "../../src/surface/service/deliver.ts"
import { presentSettings } from "../../src/surface/service/last-good-settings.ts"
import { rememberEntry } from "../../src/surface/service/memory.ts"
import { entriesOf } from "../../src/surface/service/entries.ts"
import { sendTestMessages } from "../../src/surface/service/notify-test.ts"
import { settingsText, world, type World } from "../fixture/alarm-world.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { mailSink } from "../fixture/notice/mail-sink.ts"
import { webSink, type WebSink } from "../fixture/notice/web-sink.ts"

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const failedSlot = (day: string, more: Partial<SlotRecord> = {}): SlotRecord => ({
  app: "chat",
  schedule: "schedules.nightly",
  slot: new Date(`${day}T03:00:00Z`),
  handledAt: new Date(`${day}T03:01:00Z`),
  outcome: "failed",
  operationId: null,
  reason: "there is no space left at the vault",
  missed: 0,
  ...more,
})

const subjects = (sink: WebSink): readonly string[] =>
  sink.requests.map(({ body }) => String(Reflect.get(Object(JSON.parse(body)), "subject")))

const FAILED = "run-failed:chat:schedules.nightly"

describe("a failed run", () => {
  it("is told once, reminded of daily, and told once when it is over", async () => {
    const hook = await webSink()
    const { store, turn } = await world(`{ always: { webhooks: ["${hook.url}/hook"] } }`)
    await store.putSlot(failedSlot("2026-11-19"))

    expect(await turn()).toEqual([FAILED])
    expect(await turn(MINUTE_MS)).toEqual([FAILED])
    expect(subjects(hook)).toEqual(["Alarm: chat: a scheduled run failed (vm1)"])
    expect((await store.alarms({ open: true })).find(({ key }) => key === FAILED)).toMatchObject({
      since: new Date("2026-11-19T12:00:00Z"),
      toldAt: new Date("2026-11-19T12:00:00Z"),
      text: "schedules.nightly of chat, due at 2026-11-19 03:00 UTC, failed: there is no space left at the vault",
    })

    await turn(DAY_MS)
    await store.putSlot(failedSlot("2026-11-20", { outcome: "succeeded", reason: null }))
    expect(await turn(MINUTE_MS)).toEqual([])
    await turn(MINUTE_MS)
    expect(subjects(hook).slice(1)).toEqual([
      "Still open: chat: a scheduled run failed (vm1)",
      "Resolved: chat: a scheduled run failed (vm1)",
    ])
    expect((await store.alarms({})).find(({ key }) => key === FAILED)?.endedAt).not.toBeNull()
  })

  it("is told by every way that the schedule, the app and `always` name, each once, and no secret leaves with it", async () => {
    const sink = await webSink()
    const mail = await mailSink({ account: { user: "holdfast", password: "smtp-canary" } })
    const notify = `
  email: { host: 127.0.0.1, port: ${mail.port}, caFile: ${mail.certificateFile}, user: holdfast, passwordFile: ./smtp-password, from: holdfast@example.com }
  ntfyToken: env:NTFY_TOKEN
  always: { emails: "ops@example.com; ada@example.com, OPS@example.com", webhooks: [env:HOOK] }`
    const onSchedule = `, notify: { ntfy: ["${sink.url}/topic"], webhooks: [env:HOOK] }`
    const { directory, house, store, turn } = await world(notify, onSchedule, {
      HOOK: `${sink.url}/services/hook-canary`,
      NTFY_TOKEN: "tk-canary",
    })
    await writeFile(join(directory, "smtp-password"), "smtp-canary\n")
    await store.putSlot(failedSlot("2026-11-19"))
    await turn()

    expect(mail.mails.map(({ to }) => to.join()).toSorted()).toEqual(["ada@example.com", "ops@example.com"])
    expect(sink.requests.map(({ path }) => path).toSorted()).toEqual(["/", "/services/hook-canary"])
    const facts = await gatherAlarmFacts(house, await presentSettings(house))
    const said = [
      ...mail.mails.map(({ text }) => text),
      ...sink.requests.map(({ body }) => body),
      JSON.stringify(await store.alarms({})),
      JSON.stringify(facts.receivers),
      await store.value("settings-last-good"),
    ]
    expect(said.join("\n")).not.toContain("canary")
  })
})

describe("a receiver that does not take messages", () => {
  it("is left alone for growing pauses, is itself told of by the others, and learns everything when it comes back", async () => {
    const good = await webSink()
    const bad = await webSink()
    const place = `http://127.0.0.1:${bad.port}/hook-canary`
    const { store, turn } = await world(`{ always: { webhooks: ["${good.url}/hook", "${place}"] } }`)
    await bad.close()
    await store.putSlot(failedSlot("2026-11-19"))

    expect(await turn()).toEqual([FAILED])
    expect(await turn(30_000)).toEqual([FAILED])
    await turn(30_000)
    const [, failing] = await turn(30_000)
    expect(failing).toMatch(/^notifier-failing:webhook-/)
    expect(subjects(good)).toEqual(["Alarm: chat: a scheduled run failed (vm1)", "Alarm: messages do not arrive (vm1)"])
    expect(good.requests[1]?.body).toMatch(/messages by webhook at 127\.0\.0\.1:\d+ have not arrived since 2026-11-19 12:00 UTC/)
    expect(good.requests[1]?.body).not.toContain("canary")

    const back = await webSink(bad.port)
    await turn(5 * MINUTE_MS)
    expect(subjects(back)).toEqual(["Alarm: chat: a scheduled run failed (vm1)"])
    expect(await turn(MINUTE_MS)).toEqual([FAILED])
    expect(subjects(good).at(-1)).toBe("Resolved: messages do not arrive (vm1)")
    expect(subjects(back)).toHaveLength(1)
  })

  it("is one whose password cannot be read, and the test message ends it", async () => {
    const hook = await webSink()
    const environment: Record<string, string> = {}
    const { house, store, turn } = await world(`{ always: { webhooks: ["env:HOOK"] } }`, "", environment)
    await store.putSlot(failedSlot("2026-11-19"))
    await turn()
    expect((await turn(2 * MINUTE_MS)).length).toBe(1)
    expect((await turn(MINUTE_MS)).length).toBe(2)

    const settings = await house.settings()
    expect(await sendTestMessages(house, settings, null)).toMatchObject([
      { kind: "webhook", name: "webhook at env:HOOK", sent: false, why: expect.stringContaining("HOOK, which is not set") },
    ])
    environment["HOOK"] = hook.url
    expect(await sendTestMessages(house, settings, "chat")).toMatchObject([{ sent: true, why: null }])
    expect(await turn(MINUTE_MS)).toEqual([FAILED])
    expect(subjects(hook)).toEqual(["Test message of Holdfast (vm1)", "Alarm: chat: a scheduled run failed (vm1)"])
  })
})

describe("a run", () => {
  const run = { app: "chat", schedule: "schedules.nightly", operationId: "op-1", text: "point p1 was taken" }

  it("calls its dead-man switch at start, success and failure; what did not arrive is the last word when it is back", async () => {
    const switchboard = await webSink()
    const { house, turn } = await world("{}", `, notify: { ping: "${switchboard.url}/uuid-1" }`)
    const settings = await house.settings()
    await tellRun(house, settings, "start", run)
    await tellRun(house, settings, "success", run)
    expect(switchboard.requests.map(({ path }) => path)).toEqual(["/uuid-1/start", "/uuid-1"])

    await switchboard.close()
    await tellRun(house, settings, "start", run)
    await tellRun(house, settings, "fail", { ...run, text: "no space" })
    const back = await webSink(switchboard.port)
    await turn(HOUR_MS)
    await turn(HOUR_MS)
    expect(back.requests.map(({ path, body }) => [path, body.includes("no space")])).toEqual([["/uuid-1/fail", true]])
  })

  it("that succeeded is told to those who asked for it, and to nobody else", async () => {
    const [asked, other] = [await webSink(), await webSink()]
    const { house } = await world(
      `{ always: { webhooks: ["${other.url}/"] } }`,
      `, notify: { webhooks: ["${asked.url}/"], onSuccess: true }`,
    )
    const settings = await house.settings()
    for (const event of ["start", "success", "fail"] as const) await tellRun(house, settings, event, run)
    expect(subjects(asked)).toEqual(["chat: schedules.nightly succeeded (vm1)"])
    expect(other.requests).toEqual([])
  })
})

describe("the watch", () => {
  it("tells of a broken settings file by the last good one, ends nothing meanwhile, and keeps on watching", async () => {
    const hook = await webSink()
    const notify = `{ always: { webhooks: ["${hook.url}/hook"] } }`
    const { store, turn, write } = await world(notify)
    await store.putSlot(failedSlot("2026-11-19"))
    await turn()
    await write("apps: { chat: { nonsense: 1 } }")
    expect((await turn(MINUTE_MS)).toSorted()).toEqual([FAILED, "settings-broken"])
    await write(settingsText(notify))
    expect(await turn(MINUTE_MS)).toEqual([FAILED])
    expect(subjects(hook)).toEqual([
      "Alarm: chat: a scheduled run failed (vm1)",
      "Alarm: the settings cannot be used (vm1)",
      "Resolved: the settings cannot be used (vm1)",
    ])
  })

  it("keeps what it knows of an app whose compose file is gone, and says that it is gone", async () => {
    const { store, turn, write } = await world("{}")
    await store.putAlarm({
      key: "proof-stale:chat",
      app: "chat",
      kind: "proof-stale",
      text: "stale",
      since: new Date("2026-11-18T00:00:00Z"),
      toldAt: null,
      endedAt: null,
    })
    await write(settingsText("{}").replace("    databases:", "    compose: ./gone/compose.yml\n    databases:"))
    expect(await turn()).toEqual(["settings-broken"])
    expect((await store.alarms({ open: true })).map(({ key }) => key)).toContain("proof-stale:chat")
  })

  it("raises overdue for a schedule that a scheduler has seen and that never ran", async () => {
    const { house, store, turn } = await world("{}")
    expect(await turn()).toEqual(["nobody-told:chat"])
    for (const entry of entriesOf(await house.settings())) await rememberEntry(store, entry, house.clock.now())
    expect(await turn(HOUR_MS)).toEqual(["nobody-told:chat"])
    expect(await turn(DAY_MS)).toContain("overdue:chat:schedules.nightly")
  })

  it("tells nobody twice when two of them run at once", async () => {
    const hook = await webSink()
    const { house, store, turn } = await world(`{ always: { webhooks: ["${hook.url}/hook"] } }`)
    await store.putSlot(failedSlot("2026-11-19"))
    expect(await Promise.all([turn(), turn(), turn()])).toEqual([[FAILED], [FAILED], [FAILED]])
    expect(hook.requests).toHaveLength(1)
    await whileAloneTelling(house, 0, async () => {
      expect(await whileAloneTelling(house, 100, async () => undefined)).toBe(false)
      expect(await turn(2 * DAY_MS)).toContain(FAILED)
    })
    expect(hook.requests).toHaveLength(1)
  })
})

describeNeeding("restic")("a vault that is watched", () => {
  async function used(): Promise<World> {
    const made = await world("{}")
    const vault = await openNamedVault(made.house, await made.house.settings(), "local", { create: true })
    await made.store.setValue(`synced:local:chat`, vault.vaultId)
    return made
  }
  const ofVault = (keys: readonly string[]): readonly string[] => keys.filter((key) => key.endsWith(":local") && !key.startsWith("kit"))

  it("answers, and reminds of its kit", async () => {
    const { turn } = await used()
    expect(await turn()).toEqual(["nobody-told:chat", "kit-not-taken:local"])
  })

  it("is unreachable ten minutes after it was moved away, and well again when it is back", async () => {
    const { directory, turn } = await used()
    await turn()
    await rename(join(directory, "vault"), join(directory, "elsewhere"))
    expect(ofVault(await turn(15 * MINUTE_MS))).toEqual([])
    expect(ofVault(await turn(10 * MINUTE_MS))).toEqual(["vault-unreachable:local"])
    await rename(join(directory, "elsewhere"), join(directory, "vault"))
    expect(ofVault(await turn(5 * MINUTE_MS))).toEqual([])
  })

  it("is told at once when another one stands in its place", async () => {
    const { directory, house, turn } = await used()
    await turn()
    const key = join(directory, "keys", "local.key")
    await rm(join(directory, "vault"), { recursive: true })
    const backend = await house.use.backend()
    const { vaultLocation } = await import("../../src/settings/vault-location.ts")
    const location = vaultLocation(await house.settings(), "local", { stateDirectory: directory })
    await backend.initialise(location, { ...house.base(), operationId: "look" })
    expect(ofVault(await turn(15 * MINUTE_MS))).toEqual(["vault-changed:local"])
    await writeFile(key, "another key\n")
    expect(ofVault(await turn(5 * MINUTE_MS))).toEqual(["key-not-proven:local"])
  })

  it("is told when points are gone that nobody expired: an older state of it was put back", async () => {
    const { store, turn } = await used()
    const gone: PointRecord = {
      app: "chat",
      vault: "local",
      id: "20261118T030000Z-unknown",
      sequence: 1,
      digest: "sha256:1",
      startedAt: new Date("2026-11-18T03:00:00Z"),
      manifest: { trigger: "schedule" },
      expiredAt: null,
    }
    await store.putPoint(gone)
    expect(ofVault(await turn())).toEqual(["vault-changed:local"])
    expect((await store.alarms({ open: true })).find(({ kind }) => kind === "vault-changed")?.text).toBe(
      "vault local is not what it was: local no longer holds 1 of the points of chat that are known here, and Holdfast did not expire them (20261118T030000Z-unknown)",
    )
    await store.removePoints("chat", "local", [gone.id])
    expect(ofVault(await turn(5 * MINUTE_MS))).toEqual([])
  })
})
