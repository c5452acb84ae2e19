import { describe, expect, it } from "vitest"
import { exampleApp, exampleDatabasePart, exampleFilesPart, exampleManifest, exampleRecipe } from "../../test/fixture/example.ts"
import type { ManifestPart } from "../recovery-point/manifest.ts"
import { refuseCollapse } from "./collapse.ts"

const app = exampleApp()
const judge = (now: ManifestPart, before: ManifestPart | null, of = app): (() => void) => {
  return () => refuseCollapse(of, now, before === null ? null : exampleManifest([before]))
}

describe("a database", () => {
  it("that lost most of its rows is DATABASE_COLLAPSED, the five biggest losses named first to last", () => {
    const before = exampleDatabasePart({ a: 10, b: 200, c: 300, d: 40, e: 50, f: 60, same: 7, grown: 1 })
    const now = exampleDatabasePart({ a: 0, c: 100, d: 10, e: 10, f: 10, same: 7, grown: 2 })
    expect(judge(now, before)).toThrow(
      expect.objectContaining({
        code: "DATABASE_COLLAPSED",
        message: "database:main has far less than in the last point: 139 rows, there were 668",
        why: "b: 200 → 0, c: 300 → 100, f: 60 → 10, e: 50 → 10, d: 40 → 10",
      }),
    )
  })

  it("without rows now is refused however small it was", () => {
    expect(judge(exampleDatabasePart({ a: 0 }), exampleDatabasePart({ a: 1 }))).toThrow(
      "database:main has far less than in the last point: 0 rows, there were 1",
    )
  })

  it("whose volatile tables alone shrank is well, by either way of naming them, and they are not named as a loss", () => {
    const of = exampleApp({ recipe: exampleRecipe({ volatileTables: ["sessions", "public.cache"] }) })
    const before = exampleDatabasePart({ "public.sessions": 500, "public.cache": 500, "public.users": 200 })
    expect(judge(exampleDatabasePart({ "public.users": 200 }), before, of)).not.toThrow()
    expect(judge(exampleDatabasePart({ "public.users": 20 }), before, of)).toThrow(
      expect.objectContaining({ why: "public.users: 200 → 20" }),
    )
  })

  it("names nothing as a loss that stayed or grew", () => {
    const before = exampleDatabasePart({ a: 200, same: 7, grown: 1 })
    expect(judge(exampleDatabasePart({ a: 1, same: 7, grown: 2 }), before)).toThrow(expect.objectContaining({ why: "a: 200 → 1" }))
  })

  it("a table that only ends like a volatile one is judged", () => {
    const of = exampleApp({ recipe: exampleRecipe({ volatileTables: ["sessions", "other.sessions"] }) })
    const before = exampleDatabasePart({ "other.public.sessions": 500 })
    expect(judge(exampleDatabasePart({}), before, of)).toThrow(expect.objectContaining({ code: "DATABASE_COLLAPSED" }))
  })

  it("whose dump shrank to nothing is refused with equal rows as well", () => {
    expect(judge(exampleDatabasePart({ a: 5 }, { sizeBytes: 0 }), exampleDatabasePart({ a: 5 }))).toThrow(
      "database:main has far less than in the last point: 0 bytes, there were 1000",
    )
  })

  it("that grew, or is as it was, is well", () => {
    expect(judge(exampleDatabasePart({ a: 200 }), exampleDatabasePart({ a: 200 }))).not.toThrow()
    expect(judge(exampleDatabasePart({ a: 300, b: 1 }), exampleDatabasePart({ a: 200 }))).not.toThrow()
  })
})

describe("a file tree", () => {
  it("that is empty now is SOURCE_EMPTY", () => {
    expect(judge(exampleFilesPart(0, 0), exampleFilesPart(2, 10))).toThrow(
      expect.objectContaining({
        code: "SOURCE_EMPTY",
        message: "files:uploads has far less than in the last point: 0 files, there were 2",
      }),
    )
  })

  it("that lost most of its files or bytes is SOURCE_COLLAPSED, with every reason", () => {
    expect(judge(exampleFilesPart(99, 1000), exampleFilesPart(200, 1000))).toThrow(expect.objectContaining({ code: "SOURCE_COLLAPSED" }))
    expect(judge(exampleFilesPart(200, 499), exampleFilesPart(200, 1000))).toThrow(
      "files:uploads has far less than in the last point: 499 bytes, there were 1000",
    )
  })

  it("that kept half is well", () => {
    expect(judge(exampleFilesPart(100, 500), exampleFilesPart(200, 1000))).not.toThrow()
  })
})

describe("nothing is refused", () => {
  it("for the first point, and for a part that the last one does not have", () => {
    expect(judge(exampleFilesPart(0, 0), null)).not.toThrow()
    expect(judge(exampleFilesPart(0, 0), exampleFilesPart(9, 9, { part: "files:other" }))).not.toThrow()
  })

  it("when a name now means another kind of part", () => {
    expect(judge(exampleFilesPart(0, 0), exampleDatabasePart({ a: 9 }, { part: "files:uploads" }))).not.toThrow()
    expect(judge(exampleDatabasePart({}), exampleFilesPart(9, 9, { part: "database:main" }))).not.toThrow()
    expect(judge(exampleDatabasePart({}, { sizeBytes: 0 }), exampleFilesPart(9, 9, { part: "database:main" }))).not.toThrow()
  })
})
