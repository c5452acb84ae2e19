import * as fc from "fast-check"
import { describe, expect, it, test } from "vitest"
import { isInside, nextOpening, openingAt, parseWindow, windowProblem } from "./window.ts"

function opening(text: string, timezone: string, after: string): readonly [string, string] {
  const { opens, closes } = nextOpening(parseWindow(text), timezone, new Date(after))
  return [opens.toISOString().slice(0, 16), closes.toISOString().slice(0, 16)]
}

describe("a window", () => {
  it.each([
    ["Sun 03:00-05:00", [0], 180, 300],
    ["Mon-Fri 22:00-02:00", [1, 2, 3, 4, 5], 1320, 1560],
    ["Sat-Mon,Wed 00:00-24:00", [0, 1, 3, 6], 0, 1440],
    ["daily 23:59-00:00", [0, 1, 2, 3, 4, 5, 6], 1439, 1440],
    ["03:00-04:00", [0, 1, 2, 3, 4, 5, 6], 180, 240],
  ])("%s is read", (text, days, opensMinute, closesMinute) => {
    expect(parseWindow(text)).toEqual({ text, days, opensMinute, closesMinute })
  })

  it.each([
    ["", '"" is not a window of days and hours'],
    ["Sun", '"Sun" is not a window of days and hours'],
    ["sun 03:00-05:00", '"sun 03:00-05:00" is not a window of days and hours'],
    ["Sun 3:00-5:00", '"Sun 3:00-5:00" is not a window of days and hours'],
    ["Sun 24:00-05:00", '"Sun 24:00-05:00" is not a window of days and hours'],
    ["Sun 03:60-05:00", '"Sun 03:60-05:00" is not a window of days and hours'],
    ["Sun 03:00-03:00", '"Sun 03:00-03:00" opens and closes at the same minute'],
    ["daily 00:00-00:00", '"daily 00:00-00:00" opens and closes at the same minute'],
  ])("%j is refused with the reason", (text, problem) => {
    expect(windowProblem(text)).toBe(problem)
    expect(() => parseWindow(text)).toThrow(expect.objectContaining({ code: "SETTINGS_INVALID", message: problem }))
  })

  it("opens next on its own day, in its own timezone", () => {
    expect(opening("Sun 03:00-05:00", "Europe/Berlin", "2026-11-21T12:00:00Z")).toEqual(["2026-11-22T02:00", "2026-11-22T04:00"])
    expect(opening("Sun 03:00-05:00", "Europe/Berlin", "2026-11-22T02:00:00Z")).toEqual(["2026-11-29T02:00", "2026-11-29T04:00"])
    expect(opening("Fri 22:00-02:00", "America/New_York", "2026-11-21T12:00:00Z")).toEqual(["2026-11-28T03:00", "2026-11-28T07:00"])
  })

  it("that goes over midnight belongs to the day that it opens on", () => {
    const window = parseWindow("Fri 22:00-02:00")
    const inside = (text: string): boolean => isInside(window, "Etc/UTC", new Date(text))
    expect(["2026-11-20T21:59:59Z", "2026-11-20T22:00:00Z", "2026-11-21T01:59:59Z", "2026-11-21T02:00:00Z"].map(inside)).toEqual([
      false,
      true,
      true,
      false,
    ])
    expect(inside("2026-11-21T22:30:00Z")).toBe(false)
    expect(openingAt(window, "Etc/UTC", new Date("2026-11-21T01:00:00Z"))?.closes).toEqual(new Date("2026-11-21T02:00:00Z"))
  })

  it("in a spring night begins at the end of the hour that is left out, and does not open where all of it is left out", () => {
    // 2026-03-29 in Berlin: 02:00 becomes 03:00 at 01:00 UTC.
    expect(opening("Sun 02:30-04:00", "Europe/Berlin", "2026-03-28T12:00:00Z")).toEqual(["2026-03-29T01:00", "2026-03-29T02:00"])
    expect(opening("Sun 02:00-03:00", "Europe/Berlin", "2026-03-28T12:00:00Z")).toEqual(["2026-04-05T00:00", "2026-04-05T01:00"])
    expect(opening("Sun 01:30-03:30", "Europe/Berlin", "2026-03-28T12:00:00Z")).toEqual(["2026-03-29T00:30", "2026-03-29T01:30"])
  })

  it("in an autumn night opens once, for what the clock shows twice", () => {
    // 2026-10-25 in Berlin: 03:00 becomes 02:00 at 01:00 UTC.
    expect(opening("Sun 02:00-02:30", "Europe/Berlin", "2026-10-24T12:00:00Z")).toEqual(["2026-10-25T00:00", "2026-10-25T00:30"])
    expect(opening("Sun 02:00-02:30", "Europe/Berlin", "2026-10-25T00:00:00Z")).toEqual(["2026-11-01T01:00", "2026-11-01T01:30"])
    expect(opening("Sun 01:30-03:00", "Europe/Berlin", "2026-10-24T12:00:00Z")).toEqual(["2026-10-24T23:30", "2026-10-25T02:00"])
  })

  it("is not open on a day that a timezone left out", () => {
    // Apia had no 30 December 2011.
    expect(opening("Fri 03:00-05:00", "Pacific/Apia", "2011-12-29T12:00:00Z")).toEqual(["2012-01-05T13:00", "2012-01-05T15:00"])
  })
})

const zones = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "Etc/UTC", "Asia/Kathmandu"]
const two = (value: number): string => String(value).padStart(2, "0")
const anyTime = fc.record({ hour: fc.integer({ min: 0, max: 23 }), minute: fc.integer({ min: 0, max: 59 }) })
const anyWindow = fc
  .record({
    days: fc.constantFrom("", "daily ", "Sun ", "Mon-Fri ", "Sat-Mon,Wed "),
    from: anyTime,
    to: fc.oneof(anyTime, fc.constant({ hour: 24, minute: 0 })),
  })
  .map(({ days, from, to }) => `${days}${two(from.hour)}:${two(from.minute)}-${two(to.hour)}:${two(to.minute)}`)
  .filter((text) => windowProblem(text) === null)
const anyInstant = fc.date({ min: new Date("2012-02-01T00:00:00Z"), max: new Date("2027-12-31T00:00:00Z"), noInvalidDate: true })

test.each(zones)("in %s it is closed just before it opens and just when it closes, and open between", (timezone) => {
  fc.assert(
    fc.property(anyWindow, anyInstant, fc.double({ min: 0, max: 0.999, noNaN: true }), (text, instant, share) => {
      const window = parseWindow(text)
      const { opens, closes } = nextOpening(window, timezone, instant)
      expect(opens.getTime()).toBeGreaterThan(instant.getTime())
      expect(closes.getTime()).toBeGreaterThan(opens.getTime())
      const lengthMs = closes.getTime() - opens.getTime()
      expect(isInside(window, timezone, new Date(opens.getTime() + Math.floor(lengthMs * share)))).toBe(true)
      // A whole day may touch the one before it.
      if (lengthMs < 20 * 3_600_000) {
        expect(isInside(window, timezone, new Date(opens.getTime() - 1))).toBe(false)
        expect(isInside(window, timezone, closes)).toBe(false)
      }
      expect(Math.abs(lengthMs - (window.closesMinute - window.opensMinute) * 60_000)).toBeLessThanOrEqual(3_600_000)
    }),
    { numRuns: 60 },
  )
})

test.each(zones)("in %s an instant is inside exactly when no opening lies between it and the end of the one that it is in", (timezone) => {
  fc.assert(
    fc.property(anyWindow, anyInstant, (text, instant) => {
      const window = parseWindow(text)
      const now = openingAt(window, timezone, instant)
      const before = nextOpening(window, timezone, new Date(instant.getTime() - 9 * 86_400_000))
      let last = before.opens <= instant ? before : null
      for (let next = before; next.opens <= instant; next = nextOpening(window, timezone, next.opens)) last = next
      expect(now).toEqual(last !== null && instant < last.closes ? last : null)
    }),
    { numRuns: 60 },
  )
})
