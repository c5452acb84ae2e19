import * as fc from "fast-check"
import { expect, test } from "vitest"
import { dueJobs, nextDueAt, nextRuns, seenSince, signatureOf, type Entry } from "./due.ts"

const entry = (cron: string, timezone: string, enabled = true): Entry => ({
  app: "chat",
  schedule: "schedules.nightly",
  cron,
  timezone,
  enabled,
})
const at = (iso: string): Date => new Date(iso)

const anyEntry = fc
  .tuple(
    fc.constantFrom("0 3 * * *", "30 2 * * *", "*/15 * * * *", "0 4 1 * *", "30 1 * * 0", "0 0 29 2 *"),
    fc.constantFrom("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Etc/UTC"),
  )
  .map(([cron, timezone]) => entry(cron, timezone))

/** Steps of a clock in minutes: mostly half minutes, sometimes hours of downtime, sometimes set back. */
const anySteps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(0.5) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { weight: 1, arbitrary: fc.integer({ min: 60, max: 60 * 24 * 40 }) },
    { weight: 1, arbitrary: fc.integer({ min: -180, max: -1 }) },
  ),
  { minLength: 1, maxLength: 120 },
)

test("whatever the clock does, no slot is handled twice, and none that has come stays owed", () => {
  fc.assert(
    fc.property(anyEntry, fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2028, 2) }), anySteps, (one, startMs, steps) => {
      const handled = new Set<number>()
      let now = new Date(startMs)
      let known: { signature: string; at: Date } | null = null
      for (const minutes of steps) {
        now = new Date(now.getTime() + minutes * 60_000)
        const seenAt = seenSince(one, known, now)
        known = { signature: signatureOf(one), at: seenAt }
        const past = [...handled].filter((slot) => slot <= now.getTime())
        const memory = { seenAt, newestHandled: past.length === 0 ? null : new Date(Math.max(...past)) }
        const due = dueJobs([one], () => memory, now)
        expect(due.length).toBeLessThanOrEqual(1)
        for (const { slot } of due) {
          expect(slot.getTime()).toBeLessThanOrEqual(now.getTime())
          expect(handled.has(slot.getTime())).toBe(false)
          handled.add(slot.getTime())
          expect(dueJobs([one], () => ({ seenAt, newestHandled: slot }), now)).toEqual([])
        }
      }
    }),
    { numRuns: 200 },
  )
})

test("every slot of an undisturbed year is owed exactly once, and nothing else is", () => {
  const one = entry("30 1 * * *", "Australia/Lord_Howe")
  const seenAt = at("2026-02-01T00:00:00Z")
  const expected = nextRuns(one, seenAt, 366)
  let newestHandled: Date | null = null
  const run: Date[] = []
  for (let ms = seenAt.getTime(); run.length < 366; ms += 10 * 60_000) {
    for (const job of dueJobs([one], () => ({ seenAt, newestHandled }), new Date(ms))) {
      expect(job.missed).toBe(0)
      run.push(job.slot)
      newestHandled = job.slot
    }
  }
  expect(run).toEqual(expected)
})

test("after downtime one run is owed, for the newest slot, and it tells how many were missed", () => {
  const memory = { seenAt: at("2026-01-01T00:00:00Z"), newestHandled: at("2026-03-01T03:00:00Z") }
  expect(dueJobs([entry("0 3 * * *", "Etc/UTC")], () => memory, at("2026-03-06T12:00:00Z"))).toEqual([
    { app: "chat", schedule: "schedules.nightly", slot: at("2026-03-06T03:00:00Z"), missed: 4 },
  ])
})

test("a new schedule owes nothing of the past, and a disabled one never anything", () => {
  const memory = { seenAt: at("2026-03-06T12:00:00Z"), newestHandled: null }
  expect(dueJobs([entry("0 3 * * *", "Etc/UTC")], () => memory, at("2026-03-07T02:59:00Z"))).toEqual([])
  expect(dueJobs([entry("0 3 * * *", "Etc/UTC")], () => memory, at("2026-03-07T03:00:00Z"))).toHaveLength(1)
  expect(dueJobs([entry("0 3 * * *", "Etc/UTC", false)], () => memory, at("2027-03-07T03:00:00Z"))).toEqual([])
  expect(nextRuns(entry("0 3 * * *", "Etc/UTC", false), at("2026-03-07T03:00:00Z"), 10)).toEqual([])
})

test("a schedule counts anew when its pattern is changed, when it is enabled again, and when it was seen by a clock that ran ahead", () => {
  const now = at("2026-03-06T12:00:00Z")
  const before = at("2026-01-01T00:00:00Z")
  const one = entry("0 3 * * *", "Etc/UTC")
  expect(seenSince(one, { signature: signatureOf(one), at: before }, now)).toEqual(before)
  expect(seenSince(one, null, now)).toEqual(now)
  expect(seenSince(one, { signature: signatureOf(entry("0 4 * * *", "Etc/UTC")), at: before }, now)).toEqual(now)
  expect(seenSince(one, { signature: signatureOf({ ...one, enabled: false }), at: before }, now)).toEqual(now)
  expect(seenSince(one, { signature: signatureOf(one), at: at("2031-01-01T00:00:00Z") }, now)).toEqual(now)
})

test("the next ten runs are shown across a change of the clocks", () => {
  const runs = nextRuns(entry("30 2 * * *", "Europe/Berlin"), at("2026-03-27T12:00:00Z"), 3)
  expect(runs.map((run) => run.toISOString().slice(0, 16))).toEqual(["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"])
  expect(nextRuns(entry("0 3 * * *", "Etc/UTC"), at("2026-03-27T12:00:00Z"), 10)).toHaveLength(10)
})

test("the next instant at which anything is due is the earliest of all", () => {
  const entries = [entry("0 3 * * *", "Etc/UTC"), entry("*/15 * * * *", "Etc/UTC"), entry("0 * * * *", "Etc/UTC", false)]
  expect(nextDueAt(entries, at("2026-03-27T12:01:00Z"))).toEqual(at("2026-03-27T12:15:00Z"))
  expect(nextDueAt([], at("2026-03-27T12:01:00Z"))).toBeNull()
})
