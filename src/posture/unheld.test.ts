import { describe, expect, test } from "vitest"
import { app, HOUR_MS, NOW, point } from "../../test/fixture/posture.ts"
import type { AlarmPoint, AppFacts } from "./alarm-facts.ts"
import { alarmKinds } from "./alarm-kinds.ts"
import type { Alarm } from "./alarm.ts"
import { appAlarms } from "./app-alarms.ts"

function alarms(points: readonly AlarmPoint[], asked: AppFacts["app"] = app): readonly Alarm[] {
  return appAlarms({ app: asked, points, proofs: [], seenAt: NOW, copies: [], drillPeriodMs: null, hasReceiver: true }, NOW)
}

describe("data that no point holds is an alarm", () => {
  const media = { name: "media", what: "volume chat_media" }
  const stats = { name: "db/stats", what: "database stats of the server db" }
  const lacking = [point(1, HOUR_MS, { unnamed: [media, stats] })]

  test("is told mildly, until a point holds it or somebody leaves it out", () => {
    expect(alarms(lacking)).toMatchObject([
      { key: "data-unheld:chat", app: "chat", text: "chat: no recovery point holds volume chat_media, database stats of the server db" },
    ])
    expect(alarmKinds["data-unheld"].mild).toBe(true)
    expect(alarms(lacking, { ...app, leaveOut: ["media", "db/stats"] })).toEqual([])
    expect(alarms([...lacking, point(2, HOUR_MS - 1)])).toEqual([])
  })
})
