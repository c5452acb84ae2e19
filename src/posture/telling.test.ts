import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { ago, DAY_MS, HOUR_MS, MINUTE_MS, NOW } from "../../test/fixture/posture.ts"
import type { AlarmRecord } from "../operation/ports.ts"
import { alarmOf, type Alarm } from "./alarm.ts"
import type { Message } from "./ports.ts"
import { reconcileAlarms, type OpenAlarm } from "./reconcile.ts"
import { afterFailed, afterPaid, afterTold, isPausing, NOTHING_TOLD, owing, planNotices, tellingSchema, type Telling } from "./telling.ts"

const disk = (path: string, text = `${path} is full`): Alarm => alarmOf({ kind: "disk-full", about: path, text })
const open = (alarm: Alarm, since = NOW): OpenAlarm => ({ ...alarm, since })
const kit = open(alarmOf({ kind: "kit-not-taken", about: "local", text: "no kit" }), ago(DAY_MS))
const told = (alarm: OpenAlarm, at: Date): Telling => {
  const notices = { fresh: [alarm], reminders: [], ended: [] }
  return afterTold(NOTHING_TOLD, notices, at)
}

describe("what one receiver is told", () => {
  test("is a new alarm, once", () => {
    const alarm = open(disk("/var"))
    const first = planNotices(NOTHING_TOLD, [alarm], NOW)
    expect(first).toEqual({ fresh: [alarm], reminders: [], ended: [] })
    expect(planNotices(told(alarm, NOW), [alarm], NOW)).toBeNull()
  })

  test("is an alarm that is still open after a day, and a mild one after a week", () => {
    const alarm = open(disk("/var"), ago(2 * DAY_MS))
    const remindersAt = (one: OpenAlarm, at: Date): number => planNotices(told(one, at), [one], NOW)?.reminders.length ?? 0
    expect(remindersAt(alarm, ago(DAY_MS - 1))).toBe(0)
    expect(remindersAt(alarm, ago(DAY_MS))).toBe(1)
    expect(remindersAt(kit, ago(7 * DAY_MS - 1))).toBe(0)
    expect(remindersAt(kit, ago(7 * DAY_MS))).toBe(1)
  })

  test("is news once, without reminders and without an end", () => {
    const news = open(alarmOf({ kind: "update-available", app: "chat", about: "2.0.0", text: "release 2.0.0 is there" }), ago(30 * DAY_MS))
    expect(planNotices(NOTHING_TOLD, [news], NOW)?.fresh).toEqual([news])
    const known = told(news, ago(29 * DAY_MS))
    expect(planNotices(known, [news], NOW)).toBeNull()
    expect(planNotices(known, [], NOW)).toBeNull()
    const next = open(alarmOf({ kind: "update-available", app: "chat", about: "2.0.1", text: "release 2.0.1 is there" }))
    expect(planNotices(known, [next], NOW)).toEqual({ fresh: [next], reminders: [], ended: [] })
    const later = afterTold(told(news, ago(181 * DAY_MS)), { fresh: [next], reminders: [], ended: [] }, NOW)
    expect(Object.keys(later.told)).toEqual([next.key])
  })

  test("is kept in mind: news for half a year, an alarm until its end", () => {
    const news = open(alarmOf({ kind: "update-available", app: "chat", about: "2.0.0", text: "release 2.0.0 is there" }), ago(180 * DAY_MS))
    const alarm = open(disk("/var"))
    const nothing = { fresh: [], reminders: [], ended: [] }
    const keptSince = (one: OpenAlarm, at: Date): boolean => Object.hasOwn(afterTold(told(one, at), nothing, NOW).told, one.key)

    expect(keptSince(news, ago(DAY_MS))).toBe(true)
    expect(keptSince(news, ago(180 * DAY_MS))).toBe(true)
    expect(keptSince(news, ago(180 * DAY_MS + 1))).toBe(false)
    expect(keptSince(alarm, ago(181 * DAY_MS))).toBe(true)
  })

  test("is the end of what it was told of, and of nothing else", () => {
    const alarm = open(disk("/var"))
    expect(planNotices(told(alarm, ago(HOUR_MS)), [], NOW)?.ended).toMatchObject([{ key: "disk-full:/var", text: "/var is full" }])
    expect(planNotices(NOTHING_TOLD, [], NOW)).toBeNull()
    const after = afterTold(told(alarm, ago(HOUR_MS)), { fresh: [], reminders: [], ended: [{ ...alarm, at: NOW }] }, NOW)
    expect(after.told).toEqual({})
  })

  test("is not the end of an alarm of which nothing is known now", () => {
    const alarm = open(disk("/var"))
    expect(planNotices(told(alarm, NOW), [], NOW, new Set([alarm.key]))).toBeNull()
  })

  test("is an alarm that came back, as a new one", () => {
    const alarm = open(disk("/var"), ago(DAY_MS))
    const again = open(disk("/var"), ago(MINUTE_MS))
    expect(planNotices(told(alarm, ago(HOUR_MS)), [again], NOW)).toEqual({ fresh: [again], reminders: [], ended: [] })
  })

  test("is reminded of when the clock was set back to before it was told", () => {
    const alarm = open(disk("/var"))
    expect(planNotices(told(alarm, new Date(NOW.getTime() + 1)), [alarm], NOW)?.reminders).toEqual([alarm])
  })

  test("is everything at once, also when as much ended as began or is open", () => {
    const [a, b, c] = [open(disk("/a")), open(disk("/b"), ago(2 * DAY_MS)), open(disk("/c"), ago(2 * DAY_MS))]
    const before = { ...told(b, ago(DAY_MS)), told: { ...told(b, ago(DAY_MS)).told, ...told(c, ago(HOUR_MS)).told } }
    expect(planNotices(before, [a, b], NOW)).toMatchObject({ fresh: [a], reminders: [b], ended: [{ key: c.key }] })
    expect(planNotices(before, [a, c], NOW)).toMatchObject({ fresh: [a], reminders: [], ended: [{ key: b.key }] })
    expect(planNotices({ ...before, told: told(b, ago(DAY_MS)).told }, [a, b], NOW)).toMatchObject({ fresh: [a], reminders: [b] })
    expect(planNotices({ ...before }, [b], NOW)).toMatchObject({ reminders: [b], ended: [{ key: c.key }] })
  })

  test("waits while its last try failed: 1, 2, 4 minutes, at most an hour", () => {
    const alarm = open(disk("/var"))
    let telling = NOTHING_TOLD
    const pauses: number[] = []
    for (let failure = 0; failure < 9; failure += 1) {
      telling = afterFailed(telling, "refused", NOW)
      pauses.push(((telling.nextTryAt?.getTime() ?? 0) - NOW.getTime()) / MINUTE_MS)
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
    expect(telling).toMatchObject({ failures: 9, failingSince: NOW, error: "refused" })
    expect(planNotices(telling, [alarm], NOW)).toBeNull()
    expect(isPausing(telling, new Date(NOW.getTime() + HOUR_MS - 1))).toBe(true)
    expect(planNotices(telling, [alarm], new Date(NOW.getTime() + HOUR_MS))).toMatchObject({ fresh: [alarm] })
    expect(isPausing(telling, ago(1))).toBe(false)
  })

  test("forgets its failures with the first message that arrives", () => {
    const failing = afterFailed(told(open(disk("/var")), ago(HOUR_MS)), "refused", NOW)
    const healthy = { failures: 0, failingSince: null, nextTryAt: null, error: null }
    expect(afterTold(failing, { fresh: [], reminders: [], ended: [] }, NOW)).toEqual({
      ...told(open(disk("/var")), ago(HOUR_MS)),
      ...healthy,
    })
    expect(afterPaid(failing)).toMatchObject(healthy)
    expect(afterFailed(failing, "again", new Date(NOW.getTime() + 1)).failingSince).toEqual(NOW)
  })

  test("that it is owed is kept in order, the newest ten of it; a dead-man switch is owed the last word alone", () => {
    const message = (subject: string): Message => ({ event: "success", subject, body: "", priority: "low", document: {} })
    let telling = NOTHING_TOLD
    for (let index = 0; index < 12; index += 1) telling = owing(telling, message(String(index)), false)
    expect(telling.owed.map(({ subject }) => subject)).toEqual(["2", "3", "4", "5", "6", "7", "8", "9", "10", "11"])
    expect(afterPaid(telling).owed[0]?.subject).toBe("3")
    expect(owing(telling, message("last"), true).owed.map(({ subject }) => subject)).toEqual(["last"])
  })

  test("comes back from the store as it was", () => {
    const message: Message = { event: "fail", subject: "s", body: "b", priority: "high", document: { run: { app: "chat" } } }
    const telling = owing(afterFailed(told(kit, ago(HOUR_MS)), "refused", NOW), message, false)
    expect(tellingSchema.parse(JSON.parse(JSON.stringify(telling)))).toEqual(telling)
    for (const event of ["notice", "start", "success", "test"] as const) {
      for (const priority of ["low", "normal"] as const) {
        const one = owing(NOTHING_TOLD, { ...message, event, priority }, true)
        expect(tellingSchema.parse(JSON.parse(JSON.stringify(one)))).toEqual(one)
      }
    }
  })
})

/** One turn: which disks are full, whether the receiver takes messages, minutes since the last turn. */
const anyTurn = fc.record({
  full: fc.uniqueArray(fc.constantFrom("/a", "/b", "/c")),
  takes: fc.boolean(),
  minutes: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 600, max: 4000 }), fc.integer({ min: -300, max: -1 })),
})

test("whatever fails and for how long, a receiver learns of each alarm once when it opens and once when it ends, and then knows what is", () => {
  fc.assert(
    fc.property(fc.array(anyTurn, { maxLength: 60 }), (turns) => {
      let records: readonly AlarmRecord[] = []
      let telling: Telling = NOTHING_TOLD
      let now = NOW
      const known = new Map<string, number>()
      const turn = (full: readonly string[], takes: boolean): void => {
        const { open: current, changed } = reconcileAlarms(
          records,
          full.map((path) => disk(path)),
          now,
        )
        records = [...records.filter(({ key }) => !changed.some((one) => one.key === key)), ...changed]
        const notices = planNotices(telling, current, now)
        if (notices === null) return
        if (takes) {
          for (const { key, since } of notices.fresh) {
            expect(known.get(key)).not.toBe(since.getTime())
            known.set(key, since.getTime())
          }
          for (const { key } of notices.reminders) expect(known.has(key)).toBe(true)
          for (const { key } of notices.ended) expect(known.delete(key)).toBe(true)
        }
        telling = takes ? afterTold(telling, notices, now) : afterFailed(telling, "refused", now)
      }
      for (const { full, takes, minutes } of turns) {
        now = new Date(now.getTime() + minutes * MINUTE_MS)
        turn(full, takes)
      }
      now = new Date(now.getTime() + HOUR_MS)
      turn(turns.at(-1)?.full ?? [], true)
      expect([...known.keys()].toSorted()).toEqual([...(turns.at(-1)?.full ?? [])].toSorted().map((path) => `disk-full:${path}`))
    }),
  )
})

describe("alarms and the store", () => {
  const record = (alarm: Alarm, more: Partial<AlarmRecord> = {}): AlarmRecord => {
    const { key, app, kind, text } = alarm
    return { key, app, kind, text, since: ago(DAY_MS), toldAt: ago(HOUR_MS), endedAt: null, ...more }
  }

  test("a new alarm is written, untold, and open since now", () => {
    expect(reconcileAlarms([], [disk("/var")], NOW)).toEqual({
      open: [open(disk("/var"))],
      changed: [record(disk("/var"), { since: NOW, toldAt: null })],
    })
  })

  test("an alarm that stays is not written again, unless its text changed; since when it is open stays", () => {
    expect(reconcileAlarms([record(disk("/var"))], [disk("/var")], NOW)).toEqual({ open: [open(disk("/var"), ago(DAY_MS))], changed: [] })
    expect(reconcileAlarms([record(disk("/var"))], [disk("/var", "fuller")], NOW).changed).toEqual([record(disk("/var", "fuller"))])
  })

  test("what is over ends now; what ended before stays as it was, and opens anew when it comes back", () => {
    expect(reconcileAlarms([record(disk("/var"))], [], NOW)).toEqual({ open: [], changed: [record(disk("/var"), { endedAt: NOW })] })
    const over = record(disk("/var"), { endedAt: ago(HOUR_MS) })
    expect(reconcileAlarms([over], [], NOW).changed).toEqual([])
    expect(reconcileAlarms([over], [disk("/var")], NOW).changed).toEqual([record(disk("/var"), { since: NOW, toldAt: null })])
  })

  test("what cannot be judged now neither ends nor changes", () => {
    expect(reconcileAlarms([record(disk("/var")), record(disk("/srv"))], [], NOW, ({ key }) => key === "disk-full:/var").changed).toEqual([
      record(disk("/srv"), { endedAt: NOW }),
    ])
  })
})
