import { describe, expect, test } from "vitest"
import type { ProofRecord, SlotRecord } from "../operation/ports.ts"
import { ago, app, DAY_MS, HOUR_MS, MINUTE_MS, nextAfter, NOW, point, proof, withObjectives } from "../../test/fixture/posture.ts"
import type { AlarmFacts, AlarmPoint, AppFacts, ScheduleFacts, VaultCheck, VaultFacts } from "./alarm-facts.ts"
import { alarmKinds, hintOf, titleOf } from "./alarm-kinds.ts"
import { alarmsOf, type Alarm } from "./alarms.ts"
import { graceMs } from "./schedule-alarms.ts"

const nothing: AlarmFacts = { schedules: [], apps: [], vaults: [], disks: [], receivers: [], settingsProblem: null, open: new Set() }
const all = (facts: Partial<AlarmFacts>): readonly Alarm[] => alarmsOf({ ...nothing, ...facts }, NOW)
const keys = (facts: Partial<AlarmFacts>): readonly string[] => all(facts).map(({ key }) => key)
const text = (facts: Partial<AlarmFacts>): string => all(facts)[0]?.text ?? ""

const slotOf = (day: string, outcome: SlotRecord["outcome"], more: Partial<SlotRecord> = {}): SlotRecord => ({
  app: "chat",
  schedule: "schedules.nightly",
  slot: new Date(`${day}T03:00:00Z`),
  handledAt: new Date(`${day}T03:00:10Z`),
  outcome,
  operationId: null,
  reason: null,
  missed: 0,
  ...more,
})
const nightly = (slots: readonly SlotRecord[], more: Partial<ScheduleFacts> = {}): Partial<AlarmFacts> => ({
  schedules: [{ app: "chat", schedule: "schedules.nightly", setAt: ago(30 * DAY_MS), nextAfter, slots, successes: [], ...more }],
})

const chat = (more: Partial<AppFacts>): Partial<AlarmFacts> => ({
  apps: [{ app, points: [], proofs: [], seenAt: ago(30 * DAY_MS), copies: [], drillPeriodMs: null, hasReceiver: true, ...more }],
})
describe("a scheduled run", () => {
  test("that failed is an alarm with its reason and the command that shows more", () => {
    const failed = slotOf("2026-04-19", "failed", { reason: "the disk is full (VAULT_FULL)", operationId: "op-1" })
    expect(all(nightly([failed, slotOf("2026-04-18", "succeeded")]))).toEqual([
      {
        key: "run-failed:chat:schedules.nightly",
        app: "chat",
        kind: "run-failed",
        schedule: "schedules.nightly",
        text: "schedules.nightly of chat, due at 2026-04-19 03:00 UTC, failed: the disk is full (VAULT_FULL)",
        hint: "Run `holdfast operations show op-1` to see its steps; correct what failed, and run it again.",
      },
      expect.objectContaining({ key: "overdue:chat:schedules.nightly" }),
    ])
  })

  test("that was done only in part is an alarm, and is not overdue as well", () => {
    const facts = nightly([slotOf("2026-04-19", "partial")])
    expect(keys(facts)).toEqual(["run-failed:chat:schedules.nightly"])
    expect(text(facts)).toBe("schedules.nightly of chat, due at 2026-04-19 03:00 UTC, was done only in part")
    expect(all(facts)[0]?.hint).toBe("Run `holdfast operations --app chat` to see what failed and why, then run it by hand.")
  })

  test("that succeeded later ends the alarm, whether by a slot or by hand", () => {
    expect(keys(nightly([slotOf("2026-04-19", "succeeded"), slotOf("2026-04-18", "failed")]))).toEqual([])
    expect(keys(nightly([slotOf("2026-04-19", "failed")], { successes: [ago(HOUR_MS)] }))).toEqual([])
    expect(keys(nightly([slotOf("2026-04-19", "failed")], { successes: [new Date("2026-04-19T03:00:10Z")] }))).toEqual([
      "run-failed:chat:schedules.nightly",
    ])
  })

  test("that was cancelled, skipped or is under way does not hide the failure before it, and is none itself", () => {
    for (const outcome of ["cancelled", "skipped", "running"] as const) {
      expect(keys(nightly([slotOf("2026-04-19", outcome), slotOf("2026-04-18", "failed")]))).toContain("run-failed:chat:schedules.nightly")
      expect(keys(nightly([slotOf("2026-04-19", outcome), slotOf("2026-04-18", "succeeded")]))).not.toContain(
        "run-failed:chat:schedules.nightly",
      )
    }
  })

  test("is overdue once its grace is over, and not a moment before", () => {
    const at = (now: string): readonly Alarm[] => alarmsOf({ ...nothing, ...nightly([slotOf("2026-04-18", "succeeded")]) }, new Date(now))
    expect(at("2026-04-19T09:00:00Z")).toEqual([])
    expect(at("2026-04-19T09:00:01Z")).toMatchObject([
      {
        key: "overdue:chat:schedules.nightly",
        text: "schedules.nightly of chat was due at 2026-04-19 03:00 UTC and has not succeeded since",
        hint: "Check that the service or its timer runs, then run `holdfast backup chat`, or `holdfast drill chat` for a drill.",
      },
    ])
  })

  test("that never succeeded since it was set is not yet proven", () => {
    const fresh = nightly([], { setAt: new Date("2026-04-18T12:00:00Z") })
    expect(text(fresh)).toBe(
      "schedules.nightly of chat has not succeeded since it was set, first due at 2026-04-19 03:00 UTC: it is not yet proven",
    )
    expect(keys(nightly([], { setAt: new Date("2026-04-19T03:00:00Z") }))).toEqual([])
    const changed = nightly([slotOf("2026-04-17", "succeeded")], { setAt: new Date("2026-04-18T12:00:00Z") })
    expect(text(changed)).toContain("not yet proven")
  })

  test("that is under way or was skipped says so while it is overdue", () => {
    expect(text(nightly([slotOf("2026-04-19", "running"), slotOf("2026-04-18", "succeeded")]))).toContain(
      "; a run has been under way since 2026-04-19 03:00 UTC",
    )
    expect(text(nightly([slotOf("2026-04-19", "skipped", { reason: "busy" }), slotOf("2026-04-18", "succeeded")]))).toContain(
      "; the run of 2026-04-19 03:00 UTC was skipped: busy",
    )
    expect(text(nightly([slotOf("2026-04-19", "skipped"), slotOf("2026-04-18", "succeeded")]))).toMatch(/was skipped$/)
  })

  test("is judged by its newest slot and success, in whatever order they come", () => {
    const [good, bad] = [slotOf("2026-04-18", "succeeded"), slotOf("2026-04-19", "failed")]
    expect(keys(nightly([good, bad]))).toEqual(keys(nightly([bad, good])))
    expect(keys(nightly([bad, good]))).toContain("run-failed:chat:schedules.nightly")
    const skipped = slotOf("2026-04-19", "skipped", { reason: "busy" })
    expect(text(nightly([good, skipped]))).toContain("was skipped: busy")
    expect(keys(nightly([], { successes: [ago(20 * DAY_MS), ago(HOUR_MS)] }))).toEqual([])
    expect(keys(nightly([], { successes: [ago(HOUR_MS), ago(20 * DAY_MS)] }))).toEqual([])
    expect(keys(nightly([], { successes: [NOW], setAt: ago(30 * DAY_MS) }))).toEqual([])
  })

  test("that was set anew counts from then, not from its last success, and the other way round", () => {
    const setAt = new Date("2026-04-19T03:00:00Z")
    expect(keys(nightly([slotOf("2026-04-10", "succeeded")], { setAt }))).toEqual([])
    expect(text(nightly([slotOf("2026-04-16", "succeeded")], { setAt: new Date("2026-04-16T03:00:00Z") }))).toContain(
      "was due at 2026-04-17 03:00 UTC",
    )
    expect(text(nightly([slotOf("2026-04-16", "succeeded")], { setAt: ago(30 * DAY_MS) }))).toContain("was due at 2026-04-17 03:00 UTC")
  })

  test("that comes often is overdue sooner", () => {
    const hourly = (instant: Date): Date => new Date(Math.floor(instant.getTime() / HOUR_MS + 1) * HOUR_MS)
    const facts = (minutes: number): Partial<AlarmFacts> =>
      nightly([], { nextAfter: hourly, successes: [ago(HOUR_MS + minutes * MINUTE_MS)] })
    expect(keys({ ...facts(0) })).toEqual([])
    const later = new Date(NOW.getTime() + 31 * MINUTE_MS)
    expect(alarmsOf({ ...nothing, ...facts(0) }, later).map(({ kind }) => kind)).toEqual(["overdue"])
  })

  test("cannot be silenced by a success that a wrong clock dated in the future", () => {
    expect(keys(nightly([slotOf("2027-04-18", "succeeded"), slotOf("2026-04-16", "succeeded")]))).toEqual([
      "overdue:chat:schedules.nightly",
    ])
  })

  test("that never comes again owes nothing; the last one that did had the longest grace", () => {
    expect(keys(nightly([], { nextAfter: () => null }))).toEqual([])
    const once = (instant: Date): Date | null => (instant < ago(7 * HOUR_MS) ? ago(7 * HOUR_MS) : null)
    expect(keys(nightly([], { nextAfter: once }))).toEqual(["overdue:chat:schedules.nightly"])
    const later = (instant: Date): Date | null => (instant < ago(5 * HOUR_MS) ? ago(5 * HOUR_MS) : null)
    expect(keys(nightly([], { nextAfter: later }))).toEqual([])
  })

  test("of Holdfast's own is told without a command that does not exist", () => {
    const [alarm] = all(nightly([], { schedule: "holdfast.read" }))
    expect(alarm?.hint).toBe("Check that the service or its timer runs; `holdfast operations` shows what it did.")
  })

  test("for updates is no alarm by itself when it failed, and was done all the same; skipped it was not", () => {
    const updates = (outcome: SlotRecord["outcome"]): readonly string[] =>
      keys(
        nightly([slotOf("2026-04-17", "succeeded"), slotOf("2026-04-18", outcome), slotOf("2026-04-19", outcome)], {
          schedule: "updates.window",
        }),
      )

    expect(updates("failed")).toEqual([])
    expect(updates("succeeded")).toEqual([])
    expect(updates("skipped")).toEqual(["overdue:chat:updates.window"])
  })

  test("has a grace of a quarter of its period, between half an hour and six hours", () => {
    expect([5 * MINUTE_MS, 4 * HOUR_MS, DAY_MS, 30 * DAY_MS].map((period) => graceMs(period) / MINUTE_MS)).toEqual([30, 60, 360, 360])
  })
})

describe("the proof of an app", () => {
  const exposed = withObjectives(DAY_MS, null)

  test("is stale when the newest proven point is older than the objective, and exactly at it it is not", () => {
    const facts = (old: number): Partial<AlarmFacts> =>
      chat({ app: exposed, points: [point(1, old)], proofs: [proof("p1", "read", HOUR_MS)] })
    expect(keys(facts(DAY_MS))).toEqual([])
    expect(keys(facts(DAY_MS + 1))).toEqual(["proof-stale:chat"])
    expect(text(facts(DAY_MS + 1))).toBe("chat: the newest proven point is of 2026-04-18 11:59 UTC, the objective is 24 h")
  })

  test("is stale when nothing was proven within the objective since the app is known", () => {
    expect(keys(chat({ app: exposed, seenAt: ago(DAY_MS) }))).toEqual([])
    expect(text(chat({ app: exposed, seenAt: ago(2 * DAY_MS) }))).toBe(
      "chat: no point has been proven since 2026-04-17 12:00 UTC, the objective is 24 h",
    )
  })

  test("is stale when no drill succeeded for a period and a quarter", () => {
    const facts = (old: number, level: ProofRecord["level"] = "booted"): Partial<AlarmFacts> =>
      chat({ points: [point(1, old)], proofs: [proof("p1", level, old)], drillPeriodMs: 4 * DAY_MS, seenAt: ago(6 * DAY_MS) })
    expect(keys(facts(5 * DAY_MS))).toEqual([])
    expect(keys(facts(5 * DAY_MS, "restored"))).toEqual([])
    expect(text(facts(5 * DAY_MS + 1))).toBe(
      "chat: the last drill that succeeded was at 2026-04-14 11:59 UTC, a drill is set for every 4 d",
    )
    expect(text(facts(HOUR_MS, "read"))).toBe("chat: no drill has succeeded, a drill is set for every 4 d")
    const ahead = chat({ points: [point(1, HOUR_MS)], proofs: [proof("p1", "booted", -HOUR_MS)], drillPeriodMs: DAY_MS })
    expect(text(ahead)).toContain("no drill has succeeded")
  })

  test("says both reasons, and takes the newest drill in whatever order they come", () => {
    const proofs = [proof("p1", "booted", 9 * DAY_MS), proof("p1", "booted", 0), proof("p1", "booted", 8 * DAY_MS)]
    expect(keys(chat({ points: [point(1, 9 * DAY_MS)], proofs, drillPeriodMs: DAY_MS }))).toEqual([])
    expect(text(chat({ app: exposed, points: [], drillPeriodMs: DAY_MS }))).toMatch(/the objective is 24 h; no drill has succeeded/)
  })

  test("without objective and drill is never stale", () => {
    expect(keys(chat({ points: [point(1, 900 * DAY_MS)] }))).toEqual([])
  })

  test("that measured a restore over its objective is an alarm", () => {
    const facts = (limit: number): Partial<AlarmFacts> =>
      chat({ app: withObjectives(null, limit), points: [point(1, 1)], proofs: [proof("p1", "restored", HOUR_MS)] })
    expect(keys(facts(42_000))).toEqual([])
    expect(text(facts(30_000))).toBe("chat: the last restore took 42 s, the objective is 30 s")
    expect(keys(chat({ app: withObjectives(null, 1) }))).toEqual([])
    expect(keys(chat({ app: withObjectives(null, -1) }))).toEqual([])
  })
})

describe("a copy", () => {
  const copies = [{ from: "local", to: "offsite", setAt: ago(30 * DAY_MS), removable: false }]
  const offsite = (sequence: number, old: number): AlarmPoint => point(sequence, old, { vault: "offsite" })

  test("that did not come within six hours is missing, and the alarm counts what is missing", () => {
    expect(keys(chat({ copies, points: [point(1, 6 * HOUR_MS - 1)] }))).toEqual([])
    expect(text(chat({ copies, points: [point(1, 6 * HOUR_MS)] }))).toBe(
      "1 point of chat in vault local, up to p1, did not come to vault offsite; it holds none of them",
    )
    const some = [point(1, 3 * DAY_MS), point(2, 2 * DAY_MS), point(3, DAY_MS), offsite(1, 3 * DAY_MS)]
    expect(all(chat({ copies, points: some }))).toMatchObject([
      {
        key: "copy-missing:chat:offsite",
        text: "2 points of chat in vault local, up to p3, did not come to vault offsite; the newest there is p1",
      },
    ])
  })

  test("is judged by the newest point: older ones may have expired there by that vault's own policy", () => {
    expect(keys(chat({ copies, points: [point(1, 3 * DAY_MS), point(2, DAY_MS), offsite(2, DAY_MS)] }))).toEqual([])
  })

  test("is not owed of points that nobody scheduled, of other vaults, nor before it was asked for", () => {
    expect(keys(chat({ copies, points: [point(1, DAY_MS, { trigger: "safety" })] }))).toEqual([])
    expect(keys(chat({ copies, points: [point(1, DAY_MS, { vault: "third" })] }))).toEqual([])
    const asked = [{ from: "local", to: "offsite", setAt: ago(6 * HOUR_MS - 1), removable: false }]
    expect(keys(chat({ copies: asked, points: [point(1, DAY_MS)] }))).toEqual([])
    const owed = [{ from: "local", to: "offsite", setAt: ago(6 * HOUR_MS), removable: false }]
    expect(keys(chat({ copies: owed, points: [point(1, DAY_MS)] }))).toEqual(["copy-missing:chat:offsite"])
    const both = [offsite(3, DAY_MS), offsite(1, 3 * DAY_MS)]
    expect(keys(chat({ copies, points: [...both, point(3, DAY_MS)] }))).toEqual([])
    expect(keys(chat({ copies, points: [...both.toReversed(), point(3, DAY_MS)] }))).toEqual([])
  })

  test("to a disk that is not always there has eight days", () => {
    const removable = copies.map((copy) => ({ ...copy, removable: true }))
    expect(keys(chat({ copies: removable, points: [point(1, 8 * DAY_MS - 1)] }))).toEqual([])
    expect(keys(chat({ copies: removable, points: [point(1, 8 * DAY_MS)] }))).toEqual(["copy-missing:chat:offsite"])
  })
})

describe("a point far below those before", () => {
  const good = [1, 2, 3].map((sequence) => point(sequence, (5 - sequence) * DAY_MS))

  test("is an alarm that says what it holds and what is usual", () => {
    expect(text(chat({ points: [...good, point(4, HOUR_MS, { rows: 499 })] }))).toBe(
      "chat: point p4 holds 499 rows, those before it about 1000",
    )
    expect(text(chat({ points: [...good, point(4, HOUR_MS, { sizeBytes: 1024 * 1024 })] }))).toBe(
      "chat: point p4 holds 1.0 MiB, those before it about 10.0 MiB",
    )
    expect(keys(chat({ points: [...good, point(4, HOUR_MS, { rows: 0 })] }))).toEqual(["collapsed:chat"])
  })

  test("is judged within its own vault", () => {
    expect(keys(chat({ points: [...good, point(4, HOUR_MS, { rows: 1, vault: "offsite" })] }))).toEqual([])
  })
})

describe("an app of which nobody hears", () => {
  test("is told mildly, to whoever looks", () => {
    expect(all(chat({ hasReceiver: false }))).toMatchObject([
      { key: "nobody-told:chat", app: "chat", text: "chat: nobody is told when something is wrong with it" },
    ])
    expect(alarmKinds["nobody-told"].mild).toBe(true)
  })
})

describe("a vault", () => {
  const answered: VaultCheck = { at: NOW, openedAt: NOW, failingSince: null, errorCode: null, message: null }
  const vault = (check: Partial<VaultCheck> | null, more: Partial<VaultFacts> = {}): Partial<AlarmFacts> => ({
    vaults: [
      { name: "local", used: true, removable: false, check: check === null ? null : { ...answered, ...check }, kitTaken: true, ...more },
    ],
  })
  const failing = (errorCode: string, since: number): Partial<VaultCheck> => ({ errorCode, failingSince: ago(since), message: "no route" })

  test("that answers, or was never asked or used, is no alarm", () => {
    expect(keys(vault({}))).toEqual([])
    expect(keys(vault(null))).toEqual([])
    expect(keys(vault(failing("VAULT_UNREACHABLE", DAY_MS), { used: false, kitTaken: false }))).toEqual([])
  })

  test("that has not answered for ten minutes is unreachable; one on a removable disk has eight days", () => {
    expect(keys(vault(failing("VAULT_UNREACHABLE", 10 * MINUTE_MS - 1)))).toEqual([])
    expect(text(vault(failing("VAULT_UNREACHABLE", 10 * MINUTE_MS)))).toBe(
      "vault local has not answered since 2026-04-19 11:50 UTC: no route",
    )
    expect(keys(vault(failing("VAULT_ABSENT", HOUR_MS)))).toEqual(["vault-unreachable:local"])
    expect(keys(vault(failing("VAULT_NOT_MOUNTED", 8 * DAY_MS - 1), { removable: true }))).toEqual([])
    expect(keys(vault(failing("VAULT_NOT_MOUNTED", 8 * DAY_MS), { removable: true }))).toEqual(["vault-unreachable:local"])
    expect(keys(vault({ errorCode: "VAULT_UNREACHABLE" }))).toEqual([])
  })

  test("that was swapped or rolled back is told at once", () => {
    for (const code of ["VAULT_REPLACED", "CHAIN_BROKEN", "MANIFEST_INVALID", "VAULT_DAMAGED"]) {
      expect(keys(vault(failing(code, 0)))).toEqual(["vault-changed:local"])
    }
    expect(text(vault(failing("CHAIN_BROKEN", 0)))).toBe("vault local is not what it was: no route")
    expect(text(vault({ errorCode: "CHAIN_BROKEN" }))).toBe("vault local is not what it was")
  })

  test("whose key does not open it, or did not for a week, is not proven", () => {
    expect(text(vault(failing("VAULT_WRONG_KEY", 0)))).toBe("the key of vault local does not open it: no route")
    expect(keys(vault(failing("VAULT_KEY_MISSING", 0)))).toEqual(["key-not-proven:local"])
    expect(keys(vault({ openedAt: ago(7 * DAY_MS) }))).toEqual([])
    expect(text(vault({ openedAt: ago(7 * DAY_MS + 1) }))).toBe("the key of vault local opened it last at 2026-04-12 11:59 UTC")
    expect(text(vault({ openedAt: null }))).toBe("the key of vault local was never seen to open it")
  })

  test("without a kit is told mildly", () => {
    expect(all(vault({}, { kitTaken: false }))).toMatchObject([
      { key: "kit-not-taken:local", app: null, text: "the key of vault local exists only on this machine" },
    ])
    expect(alarmKinds["kit-not-taken"].mild).toBe(true)
  })
})

describe("this machine", () => {
  const disk = (usedShare: number, open: readonly string[] = []): Partial<AlarmFacts> => ({
    disks: [{ path: "/var", usedShare, availableBytes: 1024 ** 3 }],
    open: new Set(open),
  })

  test("has a disk that is nearly full from 80 % on, until it is below 78 %", () => {
    expect(keys(disk(0.7999))).toEqual([])
    expect(text(disk(0.8))).toBe("the disk of /var is 80 % full, 1.0 GiB are free")
    expect(keys(disk(0.78, ["disk-full:/var"]))).toEqual(["disk-full:/var"])
    expect(keys(disk(0.7799, ["disk-full:/var"]))).toEqual([])
    expect(keys(disk(0.79, ["disk-full:/srv"]))).toEqual([])
  })

  test("has a clock that cannot be right when a point is dated more than five minutes ahead", () => {
    expect(keys(chat({ points: [point(1, -5 * MINUTE_MS), point(2, DAY_MS)] }))).toEqual([])
    const points = [point(2, -5 * MINUTE_MS - 1), point(1, DAY_MS)]
    const expected = "point p2 in vault local is dated 2026-04-19 12:05 UTC, which this machine's clock has not reached"
    expect(text(chat({ points }))).toBe(expected)
    expect(text(chat({ points: points.toReversed() }))).toBe(expected)
  })

  test("has settings that cannot be used", () => {
    expect(all({ settingsProblem: "line 3" })).toMatchObject([
      { key: "settings-broken", app: null, text: "the settings cannot be used: line 3" },
    ])
  })

  test("has a receiver that does not take messages from the second failure on", () => {
    const receiver = (failures: number, more = {}): Partial<AlarmFacts> => ({
      receivers: [{ id: "webhook-1", name: "webhook at h", failures, failingSince: ago(HOUR_MS), error: "refused", ...more }],
    })
    expect(keys(receiver(1))).toEqual([])
    expect(keys(receiver(2))).toEqual(["notifier-failing:webhook-1"])
    expect(text(receiver(2))).toBe("messages by webhook at h have not arrived since 2026-04-19 11:00 UTC: refused")
    expect(text(receiver(3, { failingSince: null, error: null }))).toBe("messages by webhook at h have not arrived")
  })
})

describe("a kind of alarm", () => {
  test("is called by its title, also when it is of a version that is not known here", () => {
    expect(titleOf({ kind: "overdue", app: "chat" })).toBe("chat: a scheduled run did not succeed in time")
    expect(titleOf({ kind: "clock", app: null })).toBe("the clock cannot be right")
    expect(titleOf({ kind: "novel", app: "chat" })).toBe("chat: novel")
    expect(hintOf("novel", "chat")).toBe("")
    expect(hintOf("run-failed", null)).toContain("--app the app")
  })
})
