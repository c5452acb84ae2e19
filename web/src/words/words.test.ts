import { describe, expect, it } from "vitest"
import { counted, difference, grouped } from "./count.ts"
import { exactTime, relativeTime, shortTime, tookBetween } from "./time.ts"

const now = new Date("2026-11-21T12:00:00Z")
const before = (ms: number): Date => new Date(now.getTime() - ms)

describe("relative times", () => {
  it.each([
    [0, "just now"],
    [44_000, "just now"],
    [46_000, "1 min ago"],
    [59 * 60_000, "59 min ago"],
    [60 * 60_000, "1 h ago"],
    [47 * 3_600_000, "47 h ago"],
    [48 * 3_600_000, "2 d ago"],
    [-30_000, "in a moment"],
    [-3 * 3_600_000, "in 3 h"],
    [-9 * 86_400_000, "in 9 d"],
  ])("%i ms before now is %j", (ms, words) => {
    expect(relativeTime(before(ms), now)).toBe(words)
  })
})

describe("exact times", () => {
  it("say day, second and zone", () => {
    expect(exactTime(now, "Europe/Berlin")).toBe("Sat, 21 Nov 2026, 13:00:00 CET")
  })

  it("leave out the year only when it is this one", () => {
    expect(shortTime(now, now, "UTC")).toBe("Sat 21 Nov, 12:00")
    expect(shortTime(new Date("2025-06-01T08:05:00Z"), now, "UTC")).toBe("Sun 1 Jun 2025, 08:05")
  })

  it("measure a run that goes on up to now", () => {
    expect(tookBetween("2026-11-21T11:58:00Z", null, now)).toBe("2 min")
    expect(tookBetween("2026-11-21T11:58:00Z", "2026-11-21T11:58:42Z", now)).toBe("42 s")
  })
})

describe("counts", () => {
  it("have the right number of the noun", () => {
    expect([counted(0, "point"), counted(1, "point"), counted(2, "copy", "copies")]).toEqual(["no points", "1 point", "2 copies"])
  })

  it("group thousands", () => {
    expect(grouped(1_234_567)).toBe("1\u202F234\u202F567")
  })

  it("differ with a sign, and not at all where one side is unknown", () => {
    expect([difference(5, 1_205), difference(5, 2), difference(5, 5), difference(null, 5)]).toEqual(["+1\u202F200", "−3", "0", null])
  })
})
