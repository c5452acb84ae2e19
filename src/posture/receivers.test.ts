import { describe, expect, test } from "vitest"
import { parseSettings } from "../settings/parse.ts"
import {
  allReceivers,
  audienceOf,
  changeAudience,
  hasReceiver,
  pingsOfRun,
  receiversOfApp,
  successAudience,
  type ReceiverRef,
} from "./receivers.ts"

const settings = parseSettings(
  `
vaults: { local: { path: /v } }
notify:
  always: { emails: [ops@example.com], webhooks: ["https://hooks.example.com/services/T0/B0/canary"] }
apps:
  chat:
    databases: { main: { sqlite: /c.db } }
    notify: { emails: "Ada@example.com; ops@example.com", onSuccess: true }
    schedules:
      nightly:
        cron: daily
        notify: { ntfy: [https://ntfy.example.com/chat-canary], ping: "https://hc.example.com/canary-uuid", emails: [ada@example.com] }
      hourly: { cron: hourly }
    drills: { monthly: { cron: monthly, level: restored, notify: { webhooks: ["env:DRILL_HOOK"] } } }
  weave:
    databases: { main: { sqlite: /w.db } }
    notify: { emails: [weave@example.com] }
`,
  "test",
)
const names = (refs: readonly ReceiverRef[]): readonly string[] => refs.map(({ name }) => name)
const audience = (app: string | null, schedule: string | null): readonly string[] =>
  names(audienceOf(settings, { app, schedule, kind: "overdue", key: "k" }))

const OPS = ["mail to ops@example.com", "webhook at hooks.example.com"]

describe("who is told", () => {
  test("of a schedule: whom it, its app and `always` name, each once, whatever the case of an address", () => {
    expect(audience("chat", "schedules.nightly")).toEqual(["mail to ada@example.com", "ntfy at ntfy.example.com", ...OPS])
    expect(audience("chat", "schedules.hourly")).toEqual(["mail to Ada@example.com", ...OPS])
    expect(audience("chat", "drills.monthly")).toEqual(["webhook at env:DRILL_HOOK", "mail to Ada@example.com", ...OPS])
  })

  test("of an app: all who are named anywhere for it", () => {
    expect([...audience("chat", null)].toSorted()).toEqual(
      ["mail to Ada@example.com", "ntfy at ntfy.example.com", "webhook at env:DRILL_HOOK", ...OPS].toSorted(),
    )
    expect(audience("weave", null)).toEqual(["mail to weave@example.com", ...OPS])
    expect(audience("chat", "holdfast.read")).toEqual(audience("chat", null))
    expect(audience("gone", null)).toEqual(OPS)
  })

  test("of updates: whom they, the app and `always` name; of one that was applied by itself, whether they asked for successes or not", () => {
    const withUpdates = parseSettings(
      `
vaults: { local: { path: /v } }
notify: { always: { emails: [ops@example.com], webhooks: ["https://hooks.example.com/x"] } }
apps:
  weave:
    compose: /srv/weave/compose.yml
    databases: { main: { sqlite: /w.db } }
    notify: { emails: [weave@example.com] }
    updates: { source: registry, repositories: [r/weave], notify: { emails: [updates@example.com] } }
`,
      "test",
    )
    const run = { app: "weave", schedule: "updates.window" }
    const all = ["mail to updates@example.com", "mail to weave@example.com", ...OPS]
    expect(names(changeAudience(withUpdates, run))).toEqual(all)
    expect(names(changeAudience(withUpdates, { app: "weave", schedule: "holdfast.read" }))).toEqual(["mail to weave@example.com", ...OPS])
    expect(names(successAudience(withUpdates, run))).toEqual([])
    expect(names(audienceOf(withUpdates, { app: "weave", schedule: null, kind: "update-failed", key: "k" })).toSorted()).toEqual(
      all.toSorted(),
    )
  })

  test("of the machine: `always`, and where that names nobody, everybody", () => {
    expect(audience(null, null)).toEqual(OPS)
    const alone = { ...settings, notify: { always: { onSuccess: false, ping: "https://hc.example.com/x" } } }
    expect(names(audienceOf(alone, { app: null, schedule: null, kind: "clock", key: "clock" }))).toContain("mail to weave@example.com")
    const nobody = { ...settings, notify: undefined }
    expect(names(audienceOf(nobody, { app: null, schedule: null, kind: "clock", key: "clock" }))).toHaveLength(5)
    expect(names(audienceOf(nobody, { app: "holdfast", schedule: "holdfast.self", kind: "overdue", key: "k" }))).toHaveLength(5)
  })

  test("that one of them fails: the others", () => {
    const [mail] = audienceOf(settings, { app: null, schedule: null, kind: "clock", key: "clock" })
    const key = `notifier-failing:${mail?.id ?? ""}`
    expect(names(audienceOf(settings, { app: null, schedule: null, kind: "notifier-failing", key }))).toEqual([
      "webhook at hooks.example.com",
    ])
  })

  test("of success: those who asked for it, and dead-man switches", () => {
    const nightly = { app: "chat", schedule: "schedules.nightly" }
    expect(names(successAudience(settings, nightly))).toEqual(["mail to Ada@example.com", "mail to ops@example.com"])
    expect(successAudience(settings, { app: "weave", schedule: "schedules.x" })).toEqual([])
    expect(names(pingsOfRun(settings, nightly))).toEqual(["ping at hc.example.com"])
    expect(pingsOfRun(settings, { app: "chat", schedule: "schedules.hourly" })).toEqual([])
  })

  test("of a run of an app that is not set up, or of an entry that is not there: whom `always` names", () => {
    for (const schedule of ["schedules.x", "drills.x", "updates.window", "schedules"]) {
      expect(names(changeAudience(settings, { app: "gone", schedule }))).toEqual(OPS)
      expect(names(changeAudience(settings, { app: "weave", schedule }))).toEqual(["mail to weave@example.com", ...OPS])
    }
    expect(names(receiversOfApp(settings, "gone"))).toEqual(OPS)
  })

  test("is nobody where only a dead-man switch is named", () => {
    const onlyPing = { onSuccess: false, ping: "https://hc.example.com/x" }
    const silent = { ...settings, apps: {}, notify: { always: onlyPing } }
    const weave = settings.apps["weave"]
    if (weave === undefined) throw new Error("the settings name weave")

    expect(hasReceiver(settings, "chat")).toBe(true)
    expect(hasReceiver(settings, "gone")).toBe(true)
    expect(hasReceiver(silent, "gone")).toBe(false)
    expect(hasReceiver({ ...silent, notify: undefined }, "gone")).toBe(false)
    expect(hasReceiver({ ...silent, apps: { weave } }, "weave")).toBe(true)
    expect(hasReceiver({ ...silent, apps: { weave: { ...weave, notify: onlyPing } } }, "weave")).toBe(false)
  })

  test("altogether: each once, and of an app those that concern it", () => {
    expect(names(allReceivers(settings))).toHaveLength(7)
    expect(names(receiversOfApp(settings, "weave"))).toEqual(["mail to weave@example.com", ...OPS])
    expect(names(receiversOfApp(settings, "chat"))).toContain("ping at hc.example.com")
  })

  test("has an id that stays, since what it was told of is kept under it; only the case of mail addresses makes no other", () => {
    const idOf = (always: { readonly emails?: string[]; readonly webhooks?: string[] }): readonly string[] =>
      allReceivers({ apps: {}, notify: { always: { onSuccess: false, ...always } } }).map(({ id }) => id)

    expect(idOf({ emails: ["ops@example.com", "OPS@example.com"] })).toEqual(["email-af3c82544f64"])
    expect(idOf({ webhooks: ["https://hooks.example.com/a", "https://hooks.example.com/A"] })).toHaveLength(2)
    expect(idOf({ webhooks: ["https://hooks.example.com/services/T0/B0/canary"] })).toEqual(["webhook-c4f999f24701"])
  })

  test("is never called by what is secret of an address", () => {
    expect(JSON.stringify(allReceivers(settings).map(({ id, name }) => [id, name]))).not.toContain("canary")
    const broken = { ...settings, notify: { always: { onSuccess: false, webhooks: ["http://"] } } }
    expect(names(allReceivers(broken))).toContain("webhook at an address that is none")
  })
})
