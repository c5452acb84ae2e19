import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { nextReads, ROLLING_PERIOD_MS, type ReadablePoint } from "./rolling-read.ts"

const DAY_MS = 86_400_000
const START_MS = Date.UTC(2026, 3, 19)
const PERIOD_DAYS = ROLLING_PERIOD_MS / DAY_MS

interface Proof {
  readonly app: string
  readonly vault: string
  readonly point: string
  readonly level: "sealed" | "read"
  readonly at: Date
}

const pointOf = (id: string, takenMs: number, sizeBytes: number, vault = "local"): ReadablePoint => ({
  app: "chat",
  vault,
  id,
  startedAt: new Date(takenMs),
  sizeBytes,
})

const proofOf = (point: ReadablePoint, atMs: number, level: Proof["level"] = "read"): Proof => ({
  app: point.app,
  vault: point.vault,
  point: point.id,
  level,
  at: new Date(atMs),
})

const bytesOf = (points: readonly ReadablePoint[]): number => points.reduce((sum, point) => sum + Math.max(1, point.sizeBytes), 0)

/** Asks at some hour of every day and reads what it is told. `points` tells what there is on a day. */
function simulate(days: number, points: (day: number) => readonly ReadablePoint[], earlier: readonly Proof[] = []) {
  const proofs = [...earlier]
  const load: number[] = []
  const oldest: number[] = []
  for (let day = 0; day < days; day += 1) {
    const now = new Date(START_MS + day * DAY_MS + ((day * 5) % 24) * 3_600_000)
    const present = points(day)
    const chosen = nextReads(present, proofs, { now })
    proofs.push(...chosen.map((point) => proofOf(point, now.getTime())))
    load.push(bytesOf(chosen))
    const ages = present.map((point) => {
      const reads = proofs.filter((proof) => proof.point === point.id && proof.vault === point.vault).map((proof) => proof.at.getTime())
      return (now.getTime() - Math.max(point.startedAt.getTime(), ...reads)) / DAY_MS
    })
    oldest.push(Math.max(...ages))
  }
  return { load, proofs, oldestDays: Math.max(...oldest), oldest }
}

/** Points that are `ageDays` old when the first day begins. */
const some = fc
  .array(fc.record({ ageDays: fc.integer({ min: 0, max: PERIOD_DAYS - 1 }), sizeBytes: fc.integer({ min: 0, max: 1000 }) }), {
    minLength: 1,
    maxLength: 40,
  })
  .map((drawn) => drawn.map(({ ageDays, sizeBytes }, index) => pointOf(`p${index}`, START_MS - ageDays * DAY_MS, sizeBytes)))

describe("the rolling read", () => {
  it("reads every point within the period, however old and large they are", () => {
    fc.assert(
      fc.property(some, (points) => {
        expect(simulate(3 * PERIOD_DAYS, () => points).oldestDays).toBeLessThanOrEqual(PERIOD_DAYS)
      }),
      { numRuns: 60 },
    )
  })

  it("does so too while points come every day and others are expired", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 60, maxLength: 60 }),
        fc.integer({ min: 3, max: 50 }),
        (sizes, kept) => {
          const points = (day: number): readonly ReadablePoint[] =>
            sizes
              .slice(Math.max(0, day - kept), day + 1)
              .map((size, at) => pointOf(`p${Math.max(0, day - kept) + at}`, START_MS + (Math.max(0, day - kept) + at) * DAY_MS, size))
          expect(simulate(60, points).oldestDays).toBeLessThanOrEqual(PERIOD_DAYS)
        },
      ),
      { numRuns: 40 },
    )
  })

  it("reads about as much on each day once everything has been read", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 1000 }), (count, sizeBytes) => {
        const points = Array.from({ length: count }, (_, at) => pointOf(`p${at}`, START_MS - (at % PERIOD_DAYS) * DAY_MS, sizeBytes))
        const { load } = simulate(4 * PERIOD_DAYS, () => points)
        const share = bytesOf(points) / PERIOD_DAYS
        const steady = load.slice(PERIOD_DAYS)
        for (const bytes of steady) expect(bytes).toBeLessThanOrEqual(share + 2 * sizeBytes)
        expect(steady.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(1.25 * share * steady.length + sizeBytes)
      }),
      { numRuns: 40 },
    )
  })

  it("begins with a vault of years without reading it all at once, and has read it within a period", () => {
    const points = Array.from({ length: 300 }, (_, at) => pointOf(`p${at}`, START_MS - (at + 31) * 10 * DAY_MS, 100))
    const { load, proofs } = simulate(PERIOD_DAYS, () => points)

    expect(new Set(proofs.map((proof) => proof.point)).size).toBe(300)
    expect(Math.max(...load)).toBeLessThan(bytesOf(points) / 5)
  })

  it("catches up after the machine was off for weeks", () => {
    const points = Array.from({ length: 60 }, (_, at) => pointOf(`p${at}`, START_MS - 400 * DAY_MS, 100))
    const earlier = points.map((point, at) => proofOf(point, START_MS - (20 + (at % PERIOD_DAYS)) * DAY_MS))
    const { oldest, load } = simulate(2 * PERIOD_DAYS, () => points, earlier)

    expect(oldest[0]).toBeGreaterThan(PERIOD_DAYS + 10)
    expect(Math.max(...oldest.slice(PERIOD_DAYS / 2))).toBeLessThanOrEqual(PERIOD_DAYS)
    expect(Math.max(...load)).toBeLessThan(bytesOf(points) / 4)
  })

  it("gives the rest of the day's share when it is asked again, and then nothing", () => {
    const points = Array.from({ length: 90 }, (_, at) => pointOf(`p${at}`, START_MS - (at % 30) * DAY_MS, 100))
    const now = new Date(START_MS + 3_600_000)
    const all = nextReads(points, [], { now })
    const [first, ...rest] = all
    if (first === undefined) throw new Error("nothing to read")
    const proofs = [proofOf(first, now.getTime())]

    expect(nextReads(points, proofs, { now: new Date(START_MS + 7_200_000) })).toEqual(rest)
    expect(
      nextReads(
        points,
        all.map((point) => proofOf(point, now.getTime())),
        { now: new Date(START_MS + 80_000_000) },
      ),
    ).toEqual([])
  })

  it("takes each vault for itself, a sealed proof for no reading, and the most urgent point first", () => {
    const old = pointOf("p1", START_MS - 29.5 * DAY_MS, 10)
    const copy = { ...old, vault: "offsite" }
    const young = pointOf("p2", START_MS - DAY_MS, 10)
    const now = new Date(START_MS + 1)

    expect(nextReads([young, old, copy], [proofOf(old, START_MS - DAY_MS), proofOf(copy, START_MS - DAY_MS, "sealed")], { now })[0]).toBe(
      copy,
    )
    expect(nextReads([old], [proofOf(copy, START_MS - 1)], { now })).toEqual([old])
    expect(nextReads([], [], { now })).toEqual([])
    expect(nextReads([pointOf("empty", START_MS - 40 * DAY_MS, 0)], [], { now })).toHaveLength(1)
  })
})
