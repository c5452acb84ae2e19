import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { newPointId, parsePointId } from "./point-id.ts"

const at = new Date("2026-04-19T12:00:00.700Z")

describe("the id of a point", () => {
  it("is the UTC second and the app's version, numbered within a second", () => {
    expect(newPointId(at, "0.24.6", new Set())).toBe("20260419T120000Z-0.24.6")
    expect(newPointId(at, null, new Set())).toBe("20260419T120000Z-unknown")
    expect(newPointId(at, "0.24.6", new Set(["20260419T120000Z-0.24.6"]))).toBe("20260419T120000Z-0.24.6-2")
    expect(newPointId(at, "../../etc -rf,x", new Set())).toBe("20260419T120000Z-etc_rf_x")
  })

  it("is refused when it is no id", () => {
    for (const text of ["", "latest", "20261319T120000Z-1", "20260419T120000Z-", "20260419T120000Z-1/2", "20260419T120000Z-1-1"]) {
      expect(parsePointId(text)).toBeNull()
    }
  })

  it("is read back as what it was made from, whatever the app says its version is", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }),
        fc.option(fc.string()),
        (when, version) => {
          const first = newPointId(when, version, new Set())
          const second = newPointId(when, version, new Set([first]))

          expect(first).toMatch(/^[0-9A-Za-z.+_-]+$/)
          expect(parsePointId(first)).toMatchObject({ ordinal: 1, at: new Date(Math.floor(when.getTime() / 1000) * 1000) })
          expect(parsePointId(second)).toMatchObject({ ordinal: 2 })
        },
      ),
    )
  })
})
