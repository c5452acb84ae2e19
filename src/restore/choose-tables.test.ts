import { describe, expect, it } from "vitest"
import { exampleDatabasePart, exampleFilesPart } from "../../test/fixture/example.ts"
import type { ManifestPart } from "../recovery-point/manifest.ts"
import { chooseTables } from "./choose-tables.ts"

const main = exampleDatabasePart({
  "public.users": 3,
  "public.messages": 9,
  'public."My table"': 1,
  "pg_catalog.pg_largeobject_metadata": 2,
})
const audit = exampleDatabasePart({ "audit.users": 1, "audit.constructor": 1 }, { name: "audit", part: "database:audit" })
const parts: readonly ManifestPart[] = [exampleFilesPart(1, 1), main, audit]

const chosen = (names: readonly string[], of = parts): unknown => chooseTables(of, names).map(({ part, tables }) => [part.part, tables])

describe("tables that are named", () => {
  it("are found by their full name, or by the table's name alone where it is the only one; in the order of the facts, once each", () => {
    expect(chosen(["public.users"])).toEqual([["database:main", ["public.users"]]])
    expect(chosen(["messages", "public.messages", "My table"])).toEqual([["database:main", ['public."My table"', "public.messages"]]])
    expect(chosen(["constructor", "messages"])).toEqual([
      ["database:main", ["public.messages"]],
      ["database:audit", ["audit.constructor"]],
    ])
    expect(chosen(["users"], [main])).toEqual([["database:main", ["public.users"]]])
    expect(chosen(["Message"], [exampleDatabasePart({ Message: 1, OldMessage: 1 })])).toEqual([["database:main", ["Message"]]])
  })

  it("are refused when several are meant, with the names that tell them apart", () => {
    expect(() => chosen(["users"])).toThrow(
      expect.objectContaining({
        code: "USAGE",
        message: "table users is there more than once: public.users of database:main, audit.users of database:audit",
      }),
    )
  })

  it("are refused when they are not there, with those that are; large objects are no table", () => {
    const why = 'database:main: public.users, public.messages, public."My table"'
    for (const name of ["people", "user", "pg_largeobject_metadata", "toString"]) {
      expect(() => chosen([name], [main])).toThrow(
        expect.objectContaining({ code: "PART_UNKNOWN", message: `the point has no table ${name}`, why }),
      )
    }
    expect(() => chosen(["users"], [exampleFilesPart(1, 1)])).toThrow(expect.objectContaining({ why: "it has no database" }))
  })
})
