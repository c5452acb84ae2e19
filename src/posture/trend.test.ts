import * as fc from "fast-check"
import { expect, test } from "vitest"
import type { PointSummary, ProofRecord } from "../operation/ports.ts"
import { fallOf, trendOf, type TrendPoint } from "./trend.ts"

const MIB = 1024 * 1024
const THRESHOLDS = { collapseRatio: 0.5, collapseFloor: 20 }
const at = (day: number): Date => new Date(Date.UTC(2026, 3, day))

const point = (sequence: number, rows: number | null, more: Partial<TrendPoint> = {}): TrendPoint => ({
  id: `p${sequence}`,
  sequence,
  sizeBytes: 10 * MIB,
  rows,
  acceptedCollapse: false,
  parts: ["database:main", "files:a"],
  damaged: false,
  ...more,
})
const fallen = (...points: readonly TrendPoint[]): string | null => {
  const fall = fallOf(points, THRESHOLDS)
  return fall === null ? null : `${fall.point.id} ${fall.what} ${fall.now} of ${fall.usual}`
}

test("the newest point is held against the middle of those before, in whatever order they come", () => {
  expect(fallen(point(3, 49), point(1, 100), point(2, 100))).toBe("p3 rows 49 of 100")
  expect(fallen(point(1, 100), point(2, 100), point(3, 50))).toBeNull()
  expect(fallen(point(1, 100), point(2, 300), point(3, 101))).toBeNull()
  expect(fallen(point(1, 100))).toBeNull()
  expect(fallen()).toBeNull()
})

test("the middle is that of the amounts, whatever their order", () => {
  expect(fallen(point(1, 900), point(2, 100), point(3, 1000), point(4, 449))).toBe("p4 rows 449 of 900")
  expect(fallen(point(1, 1000), point(2, 900), point(3, 100), point(4, 450))).toBeNull()
  expect(fallen(point(1, 100), point(2, 1000), point(3, 900), point(4, 2), point(5, 49))).toBe("p5 rows 49 of 100")
})

test("points whose rows were not counted are left out of the middle", () => {
  expect(fallen(point(1, null), point(2, null), point(3, 1000), point(4, 400))).toBe("p4 rows 400 of 1000")
})

test("parts are compared by their whole names", () => {
  const [one, other] = [{ parts: ["files:a", "files:b"] }, { parts: ["files:afiles:b"] }]
  expect(fallen(point(1, 1000, one), point(2, 10, other))).toBeNull()
})

test("a fall in steps, each of which a capture lets pass, is seen", () => {
  expect(fallen(point(1, 1000), point(2, 1000), point(3, 1000), point(4, 700), point(5, 490))).toBe("p5 rows 490 of 1000")
})

test("only the seven points before count", () => {
  const old = Array.from({ length: 20 }, (_, index) => point(index + 1, 10_000))
  const recent = Array.from({ length: 7 }, (_, index) => point(index + 21, 100))
  expect(fallen(...old, ...recent, point(30, 90))).toBeNull()
  expect(fallen(...old, ...recent.slice(4), point(30, 90))).toBe("p30 rows 90 of 10000")
})

test("small sources are not judged by rows, small points not by bytes", () => {
  expect(fallen(point(1, 19), point(2, 1))).toBeNull()
  expect(fallen(point(1, 20), point(2, 1))).toBe("p2 rows 1 of 20")
  expect(fallen(point(1, null, { sizeBytes: MIB - 1 }), point(2, null, { sizeBytes: 1 }))).toBeNull()
  expect(fallen(point(1, null, { sizeBytes: MIB }), point(2, null, { sizeBytes: 1 }))).toBe(`p2 bytes 1 of ${MIB}`)
  expect(fallen(point(1, 1000, { sizeBytes: 4 * MIB }), point(2, 1000, { sizeBytes: 2 * MIB }))).toBeNull()
})

test("without a floor nothing can fall below nothing", () => {
  expect(fallOf([point(1, 0, { sizeBytes: 0 }), point(2, 0, { sizeBytes: 0 })], { collapseRatio: 0.5, collapseFloor: 0 })).toBeNull()
})

test("points without rows or with other parts are not compared with; images do not matter", () => {
  expect(fallen(point(1, 1000, { parts: ["database:main"] }), point(2, 10))).toBeNull()
  expect(fallen(point(1, 1000), point(2, null))).toBeNull()
  expect(fallen(point(1, null), point(2, 1))).toBeNull()
  expect(fallen(point(1, 1000, { parts: ["files:a", "image:x", "database:main"] }), point(2, 10))).toBe("p2 rows 10 of 1000")
})

test("a drop that a person accepted is no fall and starts a new trend", () => {
  const accepted = point(2, 10, { acceptedCollapse: true })
  expect(fallen(point(1, 1000), accepted)).toBeNull()
  expect(fallen(point(1, 1000), accepted, point(3, 10))).toBeNull()
  expect(fallen(point(1, 5), point(2, 100, { acceptedCollapse: true }), point(3, 10))).toBe("p3 rows 10 of 100")
})

test("damaged points neither fall nor are a measure", () => {
  expect(fallen(point(1, 1000), point(2, 1, { damaged: true }))).toBeNull()
  expect(fallen(point(1, 1000, { damaged: true }), point(2, 1))).toBeNull()
})

test("what grows or stays never falls", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100_000), { minLength: 1, maxLength: 30 }), (rows) => {
      const grown = rows.toSorted((left, right) => left - right)
      expect(
        fallOf(
          grown.map((count, index) => point(index + 1, count, { sizeBytes: count * 100 })),
          THRESHOLDS,
        ),
      ).toBeNull()
    }),
  )
})

test("series are oldest first and hold only what was measured", () => {
  const summary = (day: number): PointSummary => ({
    ...point(day, day),
    app: "chat",
    vault: "local",
    digest: "d",
    startedAt: at(day),
    label: null,
    trigger: "schedule",
    cold: false,
    appVersion: null,
    storedBytes: day,
    warnings: 0,
    unnamed: [],
  })
  const proof = (day: number, level: ProofRecord["level"]): ProofRecord => ({
    app: "chat",
    point: "p1",
    vault: "local",
    level,
    at: at(day),
    durationMs: day,
    operationId: "o",
    details: null,
  })
  const run = (id: string, from: number, to: number | null) =>
    ({
      id,
      kind: "backup",
      startedAt: at(from),
      finishedAt: to === null ? null : at(to),
      outcome: to === null ? null : "succeeded",
    }) as const
  expect(
    trendOf(
      [summary(2), summary(1)],
      [
        run("b", 3, 4),
        run("running", 5, null),
        { ...run("no outcome", 5, 6), outcome: null },
        { ...run("no end", 5, 6), finishedAt: null },
        run("backwards", 6, 5),
        run("a", 1, 1),
      ],
      [proof(9, "booted"), proof(8, "read"), proof(7, "restored"), proof(6, "sealed")],
    ),
  ).toEqual({
    sizes: [1, 2].map((day) => ({ at: at(day), id: `p${day}`, vault: "local", sizeBytes: 10 * MIB, storedBytes: day, rows: day })),
    durations: [
      { at: at(1), operationId: "a", kind: "backup", outcome: "succeeded", durationMs: 0 },
      { at: at(3), operationId: "b", kind: "backup", outcome: "succeeded", durationMs: 86_400_000 },
    ],
    recoveryTimes: [
      { at: at(7), level: "restored", durationMs: 7 },
      { at: at(9), level: "booted", durationMs: 9 },
    ],
  })
})
