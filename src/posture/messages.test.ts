import { describe, expect, test } from "vitest"
import { ago, DAY_MS, NOW } from "../../test/fixture/posture.ts"
import { alarmOf } from "./alarm.ts"
import { noticeMessage, runMessage, testMessage } from "./messages.ts"
import type { OpenAlarm } from "./reconcile.ts"

const origin = { host: "vm1", now: NOW }
const failed: OpenAlarm = {
  ...alarmOf({ kind: "run-failed", app: "chat", schedule: "schedules.nightly", text: "schedules.nightly of chat failed: no space left" }),
  since: ago(DAY_MS),
}
const kit: OpenAlarm = { ...alarmOf({ kind: "kit-not-taken", about: "local", text: "the key exists only here" }), since: NOW }
const over = { key: "clock", kind: "clock", app: null, text: "the clock was ahead", since: ago(DAY_MS), at: NOW }

describe("a message", () => {
  test("says what failed, why, what to do with which command, and since when", () => {
    const message = noticeMessage({ fresh: [failed], reminders: [], ended: [] }, origin)
    expect(message.subject).toBe("Alarm: chat: a scheduled run failed (vm1)")
    expect(message.body).toBe(
      [
        "Alarm: chat: a scheduled run failed",
        "schedules.nightly of chat failed: no space left.",
        "What to do: Run `holdfast operations --app chat` to see what failed and why, then run it by hand.",
        "Since: 2026-04-18 12:00 UTC",
        "",
        "Sent by Holdfast on vm1. `holdfast status` shows whether each app is protected.",
      ].join("\n"),
    )
    expect(message).toMatchObject({
      event: "notice",
      priority: "high",
      document: {
        host: "vm1",
        at: "2026-04-19T12:00:00.000Z",
        alarms: [
          {
            state: "new",
            key: "run-failed:chat:schedules.nightly",
            kind: "run-failed",
            app: "chat",
            text: "schedules.nightly of chat failed: no space left",
            since: "2026-04-18T12:00:00.000Z",
          },
        ],
      },
    })
  })

  test("of several alarms is one, and its subject counts them", () => {
    const message = noticeMessage({ fresh: [failed, kit], reminders: [failed], ended: [over] }, origin)
    expect(message.subject).toBe("Alarms: 2 new, 1 still open, 1 resolved (vm1)")
    expect(message.body).toContain("Still open: chat: a scheduled run failed")
    expect(message.body).toContain("Resolved: the clock cannot be right\nIt was: the clock was ahead.")
    expect(noticeMessage({ fresh: [], reminders: [failed], ended: [] }, origin).subject).toBe(
      "Still open: chat: a scheduled run failed (vm1)",
    )
    expect(noticeMessage({ fresh: [failed, kit], reminders: [], ended: [] }, origin).subject).toBe("Alarms: 2 new (vm1)")
  })

  test("is pressing only when something is failing", () => {
    const priority = (fresh: readonly OpenAlarm[], ended: readonly (typeof over)[]): string =>
      noticeMessage({ fresh, reminders: [], ended }, origin).priority
    expect(priority([kit, failed], [])).toBe("high")
    expect(priority([kit], [over])).toBe("low")
    expect(priority([], [over])).toBe("normal")
    expect(noticeMessage({ fresh: [], reminders: [], ended: [{ ...over, kind: "novel" }] }, origin).subject).toBe("Resolved: novel (vm1)")
  })

  test("of a run says what came of it", () => {
    const run = { app: "chat", schedule: "schedules.nightly", operationId: "op-1", text: "point p1 was taken" }
    expect(runMessage("success", run, origin)).toEqual({
      event: "success",
      subject: "chat: schedules.nightly succeeded (vm1)",
      body: "point p1 was taken.\n\nSent by Holdfast on vm1. `holdfast status` shows whether each app is protected.",
      priority: "low",
      document: {
        host: "vm1",
        at: "2026-04-19T12:00:00.000Z",
        run: { app: "chat", schedule: "schedules.nightly", operation: "op-1", text: "point p1 was taken" },
      },
    })
    expect(runMessage("fail", run, origin)).toMatchObject({ priority: "high", subject: "chat: schedules.nightly failed (vm1)" })
    expect(runMessage("start", run, origin)).toMatchObject({ priority: "low", subject: "chat: schedules.nightly has begun (vm1)" })
  })

  test("that is a test says that nothing is wrong", () => {
    expect(testMessage(origin)).toEqual({
      event: "test",
      subject: "Test message of Holdfast (vm1)",
      body: "This is a test: messages of Holdfast on vm1 arrive here. Nothing is wrong and nothing needs to be done.",
      priority: "low",
      document: { host: "vm1", at: "2026-04-19T12:00:00.000Z" },
    })
  })
})
