import * as fc from "fast-check"
import { expect, test } from "vitest"
import { dueSlot, parseSlots } from "./schedule.ts"

const slotsBetween = (cron: string, timezone: string, from: string, to: string): string[] => {
  const slots = parseSlots(cron, timezone)
  const found: string[] = []
  let at: Date | null = new Date(from)
  while ((at = slots.nextAfter(at)) !== null && at <= new Date(to)) found.push(at.toISOString().slice(0, 16))
  return found
}

test("a slot that the spring night skips comes once, at the end of the gap", () => {
  expect(slotsBetween("30 2 * * *", "America/New_York", "2026-03-07T00:00:00Z", "2026-03-10T00:00:00Z")).toEqual([
    "2026-03-07T07:30",
    "2026-03-08T07:00",
    "2026-03-09T06:30",
  ])
})

test("a slot that the autumn night has twice comes once, also when asked in between", () => {
  expect(slotsBetween("30 1 * * *", "America/New_York", "2026-10-31T00:00:00Z", "2026-11-03T00:00:00Z")).toEqual([
    "2026-10-31T05:30",
    "2026-11-01T05:30",
    "2026-11-02T06:30",
  ])
  expect(parseSlots("30 1 * * *", "America/New_York").nextAfter(new Date("2026-11-01T05:45:00Z"))).toEqual(new Date("2026-11-02T06:30:00Z"))
})

test("a half-hourly schedule runs every half hour through both changes", () => {
  expect(slotsBetween("*/30 * * * *", "America/New_York", "2026-11-01T04:59:00Z", "2026-11-01T07:00:00Z")).toHaveLength(5)
  expect(slotsBetween("*/30 * * * *", "America/New_York", "2026-03-08T05:59:00Z", "2026-03-08T08:00:00Z")).toHaveLength(5)
})

test("a day that a timezone left out has no slot", () => {
  expect(slotsBetween("0 3 * * *", "Pacific/Apia", "2011-12-28T00:00:00Z", "2011-12-31T00:00:00Z")).toEqual([
    "2011-12-28T13:00",
    "2011-12-29T13:00",
    "2011-12-30T13:00",
  ])
})

test.each(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "Etc/UTC"])(
  "asking at any moment between two slots in %s gives the later one",
  (timezone) => {
    const slots = parseSlots("45 1 * * *", timezone)
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2027, 0) }),
        fc.integer({ min: 0, max: 86_400_000 }),
        (start, later) => {
          const first = slots.nextAfter(new Date(start))
          const second = first && slots.nextAfter(first)
          if (!first || !second) throw new Error("a daily slot must come")
          const between = new Date(Math.min(first.getTime() + later, second.getTime() - 1))
          expect(slots.nextAfter(between)).toEqual(second)
          expect(second.getTime() - first.getTime()).toBeGreaterThan(22 * 3_600_000)
          expect(second.getTime() - first.getTime()).toBeLessThan(26 * 3_600_000)
        },
      ),
      { numRuns: 60 },
    )
  },
)

test("a week of downtime owes one run, for the newest slot, and counts the six before it", () => {
  const slots = parseSlots("0 3 * * *", "Etc/UTC")
  expect(dueSlot(slots, new Date("2026-04-12T03:00:00Z"), new Date("2026-04-19T08:00:00Z"))).toEqual({
    slot: new Date("2026-04-19T03:00:00Z"),
    missed: 6,
  })
})

test("nothing is owed before the slot, one run at it, nothing again once it is handled", () => {
  const slots = parseSlots("0 3 * * *", "Etc/UTC")
  const since = new Date("2026-04-18T03:00:00Z")
  const slot = new Date("2026-04-19T03:00:00Z")
  expect(dueSlot(slots, since, new Date(slot.getTime() - 1))).toBeNull()
  expect(dueSlot(slots, since, slot)).toEqual({ slot, missed: 0 })
  expect(dueSlot(slots, slot, slot)).toBeNull()
})

test("years of missed minutes are answered at once with the newest slot", () => {
  const due = dueSlot(parseSlots("* * * * *", "Etc/UTC"), new Date("2016-01-01T00:00:00Z"), new Date("2026-01-01T00:00:30Z"))
  expect(due).toEqual({ slot: new Date("2026-01-01T00:00:00Z"), missed: 1000 })
})

test.each([
  ["99 99 * * *", 'the schedule "99 99 * * *" cannot be used', "Invalid value for minute: 99"],
  ["0 25 * * *", 'the schedule "0 25 * * *" cannot be used', "Invalid value for hour: 25"],
  ["0 0 30 2 *", 'the schedule "0 0 30 2 *" cannot be used', "no day in the calendar matches it"],
  ["* * * * * *", 'the schedule "* * * * * *" cannot be used', "it has 6 fields, not minute, hour, day, month and weekday"],
  ["", 'the schedule "" cannot be used', "it has 0 fields, not minute, hour, day, month and weekday"],
  ["2026-01-01T00:00:00", 'the schedule "2026-01-01T00:00:00" cannot be used', "it has 1 fields, not minute, hour, day, month and weekday"],
])("the impossible pattern %j is refused with the reason", (cron, what, why) => {
  expect(() => parseSlots(cron, "Etc/UTC")).toThrow(expect.objectContaining({ code: "SETTINGS_INVALID", message: what, why }))
})

test("an unknown timezone is refused", () => {
  expect(() => parseSlots("0 3 * * *", "Foo/Bar")).toThrow(
    expect.objectContaining({ code: "SETTINGS_INVALID", message: 'unknown timezone "Foo/Bar"' }),
  )
})

test("a leap day and a preset are schedules", () => {
  expect(parseSlots("0 0 29 2 *", "Etc/UTC").nextAfter(new Date("2026-01-01T00:00:00Z"))).toEqual(new Date("2028-02-29T00:00:00Z"))
  expect(parseSlots("@daily", "Etc/UTC").nextAfter(new Date("2026-01-01T00:00:00Z"))).toEqual(new Date("2026-01-02T00:00:00Z"))
})
