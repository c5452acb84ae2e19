import { describe, expect, it } from "vitest"
import { partsOf } from "./copy-rows.ts"
import { differing, requireSameShape, type TableShape } from "./shape.ts"

const columns = (text: string): ReadonlyMap<string, string> =>
  new Map(text.split(", ").map((column) => [column.split(" ")[0] ?? "", column.split(" ").slice(1).join(" ")]))
const shape = (text: string, more: Partial<TableShape> = {}): TableShape => ({
  kind: "r",
  partOfOthers: false,
  columns: columns(text),
  ...more,
})

describe("the columns of a table then and now", () => {
  it("may stand in another order, and differ in nothing else", () => {
    expect(differing(columns("id integer, name text"), columns("name text, id integer"))).toEqual([])
    expect(differing(columns("id integer, old text, kept text"), columns("id bigint, kept text, new text generated"))).toEqual([
      "column old of the point does not exist any more",
      "column new did not exist at the point",
      "column id was integer and is bigint now",
    ])
  })

  it("are not compared for a table that is missing on one side, or whose rows belong to others", () => {
    const good = shape("id integer")
    const why = (then: TableShape | undefined, now: TableShape | undefined): (() => void) => {
      return () => requireSameShape("public.users", then, now)
    }
    expect(why(good, good)).not.toThrow()
    expect(why(undefined, good)).toThrow(expect.objectContaining({ code: "TABLE_NOT_REPLACEABLE", why: "the point does not have it" }))
    expect(why(good, undefined)).toThrow(expect.objectContaining({ why: "it does not exist any more" }))
    for (const [then, now] of [
      [good, shape("id integer", { partOfOthers: true })],
      [shape("id integer", { partOfOthers: true }), good],
    ] as const) {
      expect(why(then, now)).toThrow(expect.objectContaining({ why: "it is partitioned, a partition, or part of an inheritance" }))
    }
  })
})

it("a name of facts falls apart into schema and table, whatever is quoted in it", () => {
  expect(partsOf("public.users")).toEqual(["public", "users"])
  expect(partsOf('public."My.table"')).toEqual(["public", "My.table"])
  expect(partsOf('"odd.schema"."say ""hi"""')).toEqual(["odd.schema", 'say "hi"'])
})
