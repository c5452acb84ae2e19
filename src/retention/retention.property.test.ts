import * as fc from "fast-check"
import { expect, test } from "vitest"
import type { Keep } from "../app/app.ts"
import { decideRetention, type RetentionPoint } from "./retention.ts"

const NOW = new Date("2027-01-10T00:00:00Z")
const ZONES = ["Etc/UTC", "America/New_York", "Pacific/Apia", "Asia/Kathmandu", "Australia/Lord_Howe"] as const

const anyPoint = fc.record({
  sequence: fc.integer({ min: 1, max: 500 }),
  startedAt: fc.integer({ min: Date.UTC(2026, 9), max: Date.UTC(2027, 0, 12) }).map((ms) => new Date(ms)),
  group: fc.constantFrom("", "", "", "safety", "without files:uploads"),
  proven: fc.boolean(),
  failed: fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0),
  suspicious: fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0),
  pinned: fc.integer({ min: 0, max: 19 }).map((roll) => roll === 0),
  migration: fc.integer({ min: 0, max: 5 }).map((roll) => roll === 0),
  neededBy: fc.integer({ min: 0, max: 19 }).map((roll) => (roll === 0 ? "operation" : null)),
})
const anyPoints = fc
  .uniqueArray(anyPoint, { maxLength: 40, selector: (point) => point.sequence })
  .map((points) => points.map((point): RetentionPoint => ({ ...point, id: `p${point.sequence}` })))

const count = fc.integer({ min: 0, max: 6 })
const anyPolicy = fc
  .record({ last: count, hourly: count, daily: count, weekly: count, monthly: count, yearly: count, withinMs: fc.nat(30 * 86_400_000) })
  .filter((policy) => Object.values(policy).some((value) => value > 0))

const keptIds = (points: readonly RetentionPoint[], policy: Keep, zone: string): Set<string> =>
  new Set(decideRetention(points, policy, NOW, zone).flatMap((decision) => (decision.keep ? [decision.id] : [])))

test("the newest verified point is always among the survivors", () => {
  fc.assert(
    fc.property(anyPoints, anyPolicy, fc.constantFrom(...ZONES), (points, policy, zone) => {
      const verified = points.filter(
        (point) => point.proven && !point.failed && !point.suspicious && point.startedAt <= NOW && point.group === "",
      )
      const newest = verified.toSorted((left, right) => right.sequence - left.sequence)[0]
      if (newest) expect(keptIds(points, policy, zone)).toContain(newest.id)
    }),
  )
})

test("whatever goes has a newer good point that stays", () => {
  fc.assert(
    fc.property(anyPoints, anyPolicy, fc.constantFrom(...ZONES), (points, policy, zone) => {
      const kept = keptIds(points, policy, zone)
      for (const gone of points.filter((point) => !kept.has(point.id))) {
        expect(
          points.some(
            (point) =>
              point.sequence > gone.sequence &&
              kept.has(point.id) &&
              point.proven &&
              !point.failed &&
              !point.suspicious &&
              point.startedAt <= NOW,
          ),
        ).toBe(true)
        expect(gone.pinned || gone.neededBy !== null || gone.suspicious).toBe(false)
      }
    }),
  )
})

test("planning again over the survivors removes nothing more", () => {
  fc.assert(
    fc.property(anyPoints, anyPolicy, fc.constantFrom(...ZONES), (points, policy, zone) => {
      const kept = keptIds(points, policy, zone)
      const survivors = points.filter((point) => kept.has(point.id))
      expect(keptIds(survivors, policy, zone)).toEqual(kept)
    }),
  )
})

test("a policy that keeps more never deletes more", () => {
  fc.assert(
    fc.property(anyPoints, anyPolicy, anyPolicy, fc.constantFrom(...ZONES), (points, policy, extra, zone) => {
      const larger = {
        last: policy.last + extra.last,
        hourly: policy.hourly + extra.hourly,
        daily: policy.daily + extra.daily,
        weekly: policy.weekly + extra.weekly,
        monthly: policy.monthly + extra.monthly,
        yearly: policy.yearly + extra.yearly,
        withinMs: policy.withinMs + extra.withinMs,
      }
      const kept = keptIds(points, larger, zone)
      for (const id of keptIds(points, policy, zone)) expect(kept).toContain(id)
    }),
  )
})

test("the result does not depend on the order of the points", () => {
  const shuffled = anyPoints.chain((points) => fc.tuple(fc.constant(points), fc.shuffledSubarray(points, { minLength: points.length })))
  fc.assert(
    fc.property(shuffled, anyPolicy, ([points, other], policy) => {
      expect(decideRetention(other, policy, NOW, "Etc/UTC")).toEqual(decideRetention(points, policy, NOW, "Etc/UTC"))
    }),
  )
})

/** Weavestream's rule as documented: newest always, keepLast, and UTC buckets that gaps do not use up; a plain restatement. */
function weavestreamKeeps(
  points: readonly RetentionPoint[],
  policy: { last: number; daily: number; weekly: number; monthly: number },
): Set<string> {
  const newestFirst = points.toSorted((left, right) => right.sequence - left.sequence)
  const kept = new Set(newestFirst.slice(0, Math.max(1, policy.last)).map((point) => point.id))
  const take = (limit: number, keyOf: (iso: string) => string): void => {
    const seen = new Set<string>()
    for (const point of newestFirst) {
      const key = keyOf(point.startedAt.toISOString())
      if (seen.has(key)) continue
      if (seen.size === limit) return
      seen.add(key)
      kept.add(point.id)
    }
  }
  take(policy.daily, (iso) => iso.slice(0, 10))
  // Monday of the week stands for the ISO week.
  take(policy.weekly, (iso) => String(Math.floor((Date.parse(iso.slice(0, 10)) / 86_400_000 + 3) / 7)))
  take(policy.monthly, (iso) => iso.slice(0, 7))
  return kept
}

test("with UTC and verified points, Weavestream's retention is reproduced exactly", () => {
  const clean = fc.uniqueArray(fc.integer({ min: Date.UTC(2025, 11, 20), max: NOW.getTime() }), { maxLength: 60 }).map((instants) =>
    instants
      .toSorted((left, right) => left - right)
      .map((ms, index): RetentionPoint => ({
        id: `p${index + 1}`,
        sequence: index + 1,
        startedAt: new Date(ms),
        group: "",
        proven: true,
        failed: false,
        suspicious: false,
        pinned: false,
        migration: false,
        neededBy: null,
      })),
  )
  const policies = fc.record({ last: fc.integer({ min: 1, max: 5 }), daily: count, weekly: count, monthly: count })
  fc.assert(
    fc.property(clean, policies, (points, policy) => {
      expect(keptIds(points, policy, "Etc/UTC")).toEqual(weavestreamKeeps(points, policy))
    }),
    { numRuns: 300 },
  )
})
