import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { canonicalJson } from "../base/canonical-json.ts"
import type { DatabaseFacts } from "../app/ports.ts"
import { differingFacts, rowsAddedSince } from "./facts.ts"

function facts(rows: Readonly<Record<string, number>>, more: Partial<DatabaseFacts> = {}): DatabaseFacts {
  return { engine: "sqlite", engineVersion: "3", schemaVersion: "7", migrations: ["a", "b"], rows, sizeBytes: 1, ...more }
}

const table = fc.oneof(
  fc.constantFrom("users", "constructor", "toString", "public.files", "valueOf"),
  fc.string({ minLength: 1, maxLength: 6 }),
)
const anyRows = fc.dictionary(table, fc.nat({ max: 5 }), { maxKeys: 6 })

describe("what differs between two sets of facts", () => {
  it("is nothing exactly when every table on either side has the same rows", () => {
    fc.assert(
      fc.property(anyRows, anyRows, (expected, actual) => {
        const same = (left: Readonly<Record<string, number>>, right: Readonly<Record<string, number>>): boolean =>
          canonicalJson({ ...left }) === canonicalJson({ ...right })
        expect(differingFacts(facts(expected), facts(actual)).length === 0).toBe(same(expected, actual))
        expect(differingFacts(facts(expected), facts({ ...expected }))).toEqual([])
      }),
    )
  })

  it("is told by table, in their order, in words", () => {
    expect(differingFacts(facts({ c: 3, b: 2, a: 1, e: 0, constructor: 1 }), facts({ a: 2, b: 2, d: 4, e: 0 }))).toEqual([
      "table a has 2 rows, 1 expected",
      "table c is missing (3 rows expected)",
      "table constructor is missing (1 row expected)",
      "table d was not captured (4 rows found)",
    ])
  })

  it("an empty table that is missing, or that came from nowhere, differs as well", () => {
    expect(differingFacts(facts({ a: 0 }), facts({}))).toEqual(["table a is missing (0 rows expected)"])
    expect(differingFacts(facts({}), facts({ a: 0 }))).toEqual(["table a was not captured (0 rows found)"])
  })

  it("is the schema's version, known or not", () => {
    expect(differingFacts(facts({}), facts({}, { schemaVersion: "8" }))).toEqual(["schema version 8, 7 expected"])
    expect(differingFacts(facts({}), facts({}, { schemaVersion: null }))).toEqual(["schema version unknown, 7 expected"])
    expect(differingFacts(facts({}, { schemaVersion: null }), facts({}))).toEqual(["schema version 7, unknown expected"])
  })

  it("is the migrations on either side", () => {
    expect(differingFacts(facts({}, { migrations: ["a", "b", "c"] }), facts({}, { migrations: ["b", "d", "e"] }))).toEqual([
      "migrations missing: a, c",
      "migrations not expected: d, e",
    ])
  })

  it("is not the engine's version or the size on disk: a restored database is packed anew", () => {
    expect(differingFacts(facts({}), facts({}, { engineVersion: "4", sizeBytes: 9, engine: "postgres" }))).toEqual([])
  })
})

describe("rows added since a point", () => {
  it("are those a restore would lose, biggest first, then by name", () => {
    const now = { a: 5, b: 12, c: 3, d: 1, same: 4, constructor: 2 }
    expect(rowsAddedSince({ a: 3, b: 2, c: 9, same: 4 }, now)).toEqual([
      { table: "b", rows: 10 },
      { table: "a", rows: 2 },
      { table: "constructor", rows: 2 },
      { table: "d", rows: 1 },
    ])
    expect(rowsAddedSince({}, { z: 1, m: 1, a: 1 }).map((change) => change.table)).toEqual(["a", "m", "z"])
  })

  it("add up to the growth of every table that grew", () => {
    fc.assert(
      fc.property(anyRows, anyRows, (point, now) => {
        const added = rowsAddedSince(point, now)
        const before = new Map(Object.entries(point))
        const growth = Object.entries(now).reduce((sum, [name, rows]) => sum + Math.max(0, rows - (before.get(name) ?? 0)), 0)
        expect(added.reduce((sum, change) => sum + change.rows, 0)).toBe(growth)
        expect(added.every((change) => change.rows > 0)).toBe(true)
      }),
    )
  })
})
