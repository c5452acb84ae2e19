import { describe, expect, test } from "vitest"
import { ago, app, DAY_MS, HOUR_MS, NOW } from "../../test/fixture/posture.ts"
import type { UpdateFacts } from "./alarm-facts.ts"
import type { Alarm } from "./alarm.ts"
import { updateAlarms } from "./update-alarms.ts"

const nothing: UpdateFacts = { available: null, failed: null, missed: null }
const all = (updates: Partial<UpdateFacts>): readonly Alarm[] => updateAlarms({ app, updates: { ...nothing, ...updates } }, NOW)
const keys = (updates: Partial<UpdateFacts>): readonly string[] => all(updates).map(({ key }) => key)

const available = { version: "2.0.0", running: "1.0.0", releases: ["1.5.0", "2.0.0"] }
const failed = { operationId: "op-1", version: "1.5.0", how: "rolled back", why: "the gate was not passed", at: ago(HOUR_MS) } as const
const missed = { version: "1.5.0", at: ago(DAY_MS), reason: "2.0.0 is a major version" }

describe("a newer release", () => {
  test("is news of its version, so that the next version is told as well", () => {
    expect(all({ available })).toMatchObject([
      {
        key: "update-available:chat:2.0.0",
        text: "chat: release 2.0.0 is there, 1.0.0 runs",
        hint: expect.stringContaining("update plan chat"),
      },
    ])
    expect(all({ available: { ...available, running: null } })[0]?.text).toContain("it does not tell which version runs")
  })

  test("is nothing where nobody follows releases, or nothing newer is there", () => {
    expect(updateAlarms({ app }, NOW)).toEqual([])
    expect(keys({})).toEqual([])
  })
})

describe("an update that did not do well", () => {
  test("is told with its reason and where to read more", () => {
    expect(all({ failed })).toMatchObject([
      {
        key: "update-failed:chat",
        text: "chat: the update to 1.5.0 was rolled back at 2026-04-19 11:00 UTC: the gate was not passed",
        hint: expect.stringContaining("operations show op-1"),
      },
    ])
    expect(all({ failed: { ...failed, how: "rehearsal", why: null } })[0]?.text).toBe(
      "chat: the update to 1.5.0 did not pass its rehearsal at 2026-04-19 11:00 UTC",
    )
    expect(all({ failed: { ...failed, how: "failed", version: null } })[0]?.text).toContain("an update failed at")
  })

  test("is over after a week, and when another release is there to be tried", () => {
    expect(keys({ failed: { ...failed, at: ago(7 * DAY_MS) } })).toEqual(["update-failed:chat"])
    expect(keys({ failed: { ...failed, at: ago(7 * DAY_MS + 1) } })).toEqual([])
    expect(keys({ failed, available })).toEqual(["update-available:chat:2.0.0", "update-failed:chat"])
    expect(keys({ failed: { ...failed, version: "1.4.0" }, available })).toEqual(["update-available:chat:2.0.0"])
  })
})

describe("a window that passed", () => {
  test("is told with the reason for as long as the release is there", () => {
    expect(all({ available, missed })).toMatchObject([
      {},
      { key: "update-missed:chat", text: "chat: 1.5.0 was not applied in the window of 2026-04-18 12:00 UTC: 2.0.0 is a major version" },
    ])
    expect(keys({ missed })).toEqual([])
    expect(keys({ missed: { ...missed, version: "1.4.0" }, available })).toEqual(["update-available:chat:2.0.0"])
  })
})
