import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { schemaChange, unchangedSchema, type SchemaFacts } from "./schema-change.ts"

function facts(rows: Record<string, number>, columns: readonly string[] = [], schemaVersion: string | null = null): SchemaFacts {
  return { rows, columns, schemaVersion }
}

describe("the change of a schema", () => {
  it("names tables and columns that come and go, and every table whose rows changed", () => {
    const before = facts(
      { "public.users": 3, "public.old": 2, "public.same": 7 },
      ["public.users.id", "public.users.nick", "public.old.id"],
      "1",
    )
    const after = facts(
      { "public.users": 4, "public.tags": 5, "public.same": 7 },
      ["public.users.id", "public.users.name", "public.tags.id"],
      "2",
    )

    expect(schemaChange({ main: before }, { main: after })).toEqual({
      from: "1",
      to: "2",
      tablesAdded: ["public.tags"],
      tablesRemoved: ["public.old"],
      columnsAdded: ["public.users.name"],
      columnsRemoved: ["public.users.nick"],
      rows: [
        { table: "public.old", before: 2, after: 0 },
        { table: "public.tags", before: 0, after: 5 },
        { table: "public.users", before: 3, after: 4 },
      ],
    })
  })

  it("leaves rows of volatile tables out, with and without their schema's name, and no others", () => {
    const before = facts({ "public.sessions": 3, "other.sessions": 3, cache: 1 })
    const after = facts({ "public.sessions": 1, "other.sessions": 1, cache: 0 })

    expect(schemaChange({ main: before }, { main: after }, ["sessions", "cache"]).rows).toEqual([
      { table: "other.sessions", before: 3, after: 1 },
    ])
  })

  it("puts the database's name before everything where there are several, and takes the version from the one that has one", () => {
    const before = { main: facts({ a: 1 }, ["a.x"], "3"), log: facts({ b: 1 }, ["b.x"]) }
    const after = { main: facts({ a: 1 }, ["a.x", "a.y"], "4"), log: facts({ c: 1 }, ["c.x"]) }

    expect(schemaChange(before, after)).toEqual({
      from: "3",
      to: "4",
      tablesAdded: ["log: c"],
      tablesRemoved: ["log: b"],
      columnsAdded: ["main: a.y"],
      columnsRemoved: [],
      rows: [
        { table: "log: b", before: 1, after: 0 },
        { table: "log: c", before: 0, after: 1 },
      ],
    })
  })

  it("counts a table that is called like a member of every object", () => {
    expect(schemaChange({ main: facts({}) }, { main: facts({ constructor: 2 }) })).toMatchObject({
      tablesAdded: ["constructor"],
      rows: [{ table: "constructor", before: 0, after: 2 }],
    })
  })

  it("is nothing where nothing changed, and the other way round what went is what came", () => {
    const some = fc.record({
      rows: fc.dictionary(fc.constantFrom("a", "b", "c"), fc.nat(5)),
      columns: fc.uniqueArray(fc.constantFrom("a.x", "a.y", "b.x", "c.x")),
      schemaVersion: fc.constant(null),
    })
    fc.assert(
      fc.property(some, some, (before, after) => {
        expect(schemaChange({ main: before }, { main: before })).toEqual(unchangedSchema)
        const [there, back] = [schemaChange({ main: before }, { main: after }), schemaChange({ main: after }, { main: before })]
        expect(there.tablesAdded).toEqual(back.tablesRemoved)
        expect(there.columnsAdded).toEqual(back.columnsRemoved)
        expect(there.rows).toEqual(back.rows.map((row) => ({ table: row.table, before: row.after, after: row.before })))
      }),
    )
  })
})
