import * as fc from "fast-check"
import { expect, it } from "vitest"
import { collapseCheck } from "./collapse.ts"

const thresholds = { collapseRatio: 0.5, collapseFloor: 100 }
const size = (files: number | null, sizeBytes: number, rows: number | null = null) => ({ files, sizeBytes, rows })

it.each([
  ["emptied files", size(3, 10), size(0, 0), ["0 files, there were 3"]],
  ["emptied rows", size(null, 10, 1), size(null, 10, 0), ["0 rows, there were 1"]],
  ["files below half", size(1000, 1000), size(499, 1000), ["499 files, there were 1000"]],
  ["rows below half", size(null, 1000, 1000), size(null, 1000, 499), ["499 rows, there were 1000"]],
  ["bytes below half", size(1000, 1000), size(1000, 499), ["499 bytes, there were 1000"]],
  ["rows at the floor", size(null, 1000, 100), size(null, 1000, 49), ["49 rows, there were 100"]],
  ["bytes of as many files as the floor", size(100, 1000), size(100, 499), ["499 bytes, there were 1000"]],
  ["bytes of as many rows as the floor", size(null, 1000, 100), size(null, 499, 100), ["499 bytes, there were 1000"]],
  ["bytes gone", size(3, 1000), size(3, 0), ["0 bytes, there were 1000"]],
])("%s is a collapse", (_title, previous, current, reasons) => {
  expect(collapseCheck(previous, current, thresholds)).toEqual(reasons)
})

it.each([
  ["half", size(1000, 1000), size(500, 500)],
  ["small sources that shrink", size(99, 99_999), size(1, 1)],
  ["what was empty before", size(0, 0, 0), size(0, 0, 0)],
  ["what was not counted before", size(null, 10, null), size(null, 10, 0)],
  ["bytes of few files", size(99, 1000), size(99, 400)],
  ["what is not counted now", size(null, 10, 500), size(null, 10, null)],
])("%s is none", (_title, previous, current) => {
  expect(collapseCheck(previous, current, thresholds)).toEqual([])
})

it("never objects to growth", () => {
  const anySize = fc.record({ files: fc.nat(), sizeBytes: fc.nat(), rows: fc.nat() })
  fc.assert(
    fc.property(anySize, anySize, (previous, more) => {
      const grown = { files: previous.files + more.files, sizeBytes: previous.sizeBytes + more.sizeBytes, rows: previous.rows + more.rows }
      expect(collapseCheck(previous, grown, thresholds)).toEqual([])
    }),
  )
})
