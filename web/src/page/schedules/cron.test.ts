import { describe, expect, it } from "vitest"
import { cronOf, rhythmOf, rhythmWords } from "./cron.ts"

describe("rhythms", () => {
  it.each([
    ["0 3 * * *", "Every day at 03:00"],
    ["15 * * * *", "Every hour at minute 15"],
    ["30 23 * * 1", "Every Monday at 23:30"],
    ["0 4 * * 7", "Every Sunday at 04:00"],
    ["5 4 1 * *", "Every month on day 1 at 04:05"],
    ["daily", "Every day at 00:00"],
    ["*/5 * * * *", null],
    ["0 3 * * 1-5", null],
    ["0 0 30 2 *", null],
    ["61 3 * * *", null],
    ["0 3 * *", null],
  ])("%j is said as %j", (cron, words) => {
    expect(rhythmWords(cron)).toBe(words)
  })

  it.each(["0 3 * * *", "15 * * * *", "30 23 * * 1", "5 4 1 * *", "*/5 * * * *", "not a pattern"])("%j comes back as it was", (cron) => {
    expect(cronOf(rhythmOf(cron))).toBe(cron)
  })
})
