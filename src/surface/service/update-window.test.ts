import { expect, test } from "vitest"
import { nextRuns } from "../../schedule/due.ts"
import { windowBegins } from "./update-window.ts"

test.each([
  ["Sun 03:00-05:00", "0 3 * * 0"],
  ["Mon-Fri 22:30-02:00", "30 22 * * 1,2,3,4,5"],
  ["Fri-Mon 03:00-24:00", "0 3 * * 0,1,5,6"],
  ["Mon,Wed-Thu 00:05-01:00", "5 0 * * 1,3,4"],
  ["daily 03:00-04:00", "0 3 * * *"],
  ["03:00-04:00", "0 3 * * *"],
])("%s begins at %s", (window, cron) => {
  expect(windowBegins(window)).toBe(cron)
})

test("its begin is in the window's own zone", () => {
  const entry = { cron: windowBegins("Sun 03:00-05:00"), timezone: "America/New_York", enabled: true }
  expect(nextRuns(entry, new Date("2026-11-19T12:00:00Z"), 2).map((at) => at.toISOString())).toEqual([
    "2026-11-22T08:00:00.000Z",
    "2026-11-29T08:00:00.000Z",
  ])
})
