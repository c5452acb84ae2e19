import { describe, expect, it } from "vitest"
import { isTimezone, wallParts } from "./timezone.ts"

describe("a clock on the wall", () => {
  it("shows every part in two digits, from 00 to 23 hours, with its distance from Greenwich", () => {
    expect(wallParts(new Date("2026-01-02T04:06:07Z"), "America/New_York")).toEqual({
      year: "2026",
      month: "01",
      day: "01",
      hour: "23",
      minute: "06",
      second: "07",
      offset: "GMT-05:00",
    })
    expect(wallParts(new Date("2026-07-02T04:06:07Z"), "America/New_York")).toMatchObject({ day: "02", hour: "00", offset: "GMT-04:00" })
  })

  it("stands in a timezone that exists", () => {
    expect(isTimezone("Europe/Berlin")).toBe(true)
    expect(isTimezone("Foo/Bar")).toBe(false)
    expect(() => wallParts(new Date(0), "Foo/Bar")).toThrow(RangeError)
  })
})
