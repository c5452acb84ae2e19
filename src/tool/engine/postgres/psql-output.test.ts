import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parseCsv } from "./psql-output.ts"

describe("what psql prints is read", () => {
  it("as rows of text with nulls told from empty text", () => {
    expect(parseCsv('1,NIL,"a,b"\n2,"NIL",\n', "NIL")).toEqual([
      ["1", null, "a,b"],
      ["2", "NIL", ""],
    ])
  })

  it("as one empty column where a line is empty", () => {
    expect(parseCsv("\n\n", "NIL")).toEqual([[""], [""]])
    expect(parseCsv("", "NIL")).toEqual([])
  })

  it("exactly, whatever is in the fields", () => {
    const field = fc.oneof(fc.constant(null), fc.string(), fc.constantFrom('"', '""', ",", "\n", 'a"\n,"b'))
    const rows = fc.array(fc.tuple(field, field, field), { maxLength: 5 })
    fc.assert(
      fc.property(rows, (given) => {
        const text = given.map((row) => `${row.map((value) => printed(value)).join(",")}\n`).join("")
        expect(parseCsv(text, "NIL-7")).toEqual(given)
      }),
    )
  })
})

/** As psql does: quoted where it must be. */
function printed(value: string | null): string {
  if (value === null) return "NIL-7"
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
