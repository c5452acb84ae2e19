import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MAX_BYTES, MAX_DEPTH, readStrictJson } from "./strict-json.ts"

const read = (text: string): ReturnType<typeof readStrictJson> => readStrictJson(Buffer.from(text))
const why = (text: string): string => {
  const reading = read(text)
  return reading.ok ? "accepted" : reading.why
}

describe("strict JSON", () => {
  it("reads what JSON.parse reads, for every document of texts, whole numbers, lists and objects, however it is written", () => {
    const text = fc.string({ unit: "grapheme" }).filter((one) => one.isWellFormed() && !one.includes("\0"))
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small", maxDepth: 5 },
        text,
        fc.maxSafeInteger().map((number) => (Object.is(number, -0) ? 0 : number)),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(
          text.filter((key) => !["__proto__", "constructor", "prototype"].includes(key)),
          tie("value"),
          { maxKeys: 4 },
        ),
      ),
    }))
    fc.assert(
      fc.property(value, fc.constantFrom(0, 2, "\t"), (document, indent) => {
        const written = `\r\n ${JSON.stringify(document, null, indent)}\t`

        expect(read(written)).toEqual({ ok: true, value: JSON.parse(written) })
      }),
    )
  })

  it("never accepts what JSON.parse refuses, and never throws, whatever the bytes", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .string({ unit: fc.constantFrom(...Array.from('{}[]:,"\\u0019-+.eEtrufalsn \n\t')), maxLength: 12 })
        .map((text) => new Uint8Array(Buffer.from(text))),
    )
    fc.assert(
      fc.property(bytes, (document) => {
        const reading = readStrictJson(document)
        if (reading.ok) expect(JSON.parse(Buffer.from(document).toString("utf8"))).toEqual(reading.value)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['{"a":1,"a":2}', 'the key "a" is there twice (at character 11)'],
    ['{"__proto__":1}', 'the key "__proto__" is not allowed (at character 13)'],
    ['{"constructor":1}', 'the key "constructor" is not allowed (at character 15)'],
    ['{"prototype":1}', 'the key "prototype" is not allowed (at character 13)'],
    ["[1e3]", "1e3 is not a plain whole number (at character 2)"],
    ["[-0]", "-0 is not a plain whole number (at character 2)"],
    ["[1.0]", "1.0 is not a plain whole number (at character 2)"],
    ["[01]", "01 is not a plain whole number (at character 2)"],
    ["[-]", "- is not a plain whole number (at character 2)"],
    [`[1.${"0".repeat(100)}]`, `1.${"0".repeat(38)} is not a plain whole number (at character 2)`],
    ["[9007199254740992]", "9007199254740992 is not a plain whole number (at character 2)"],
    ["\uFEFF{}", "it begins with a byte order mark"],
    ["{}x", "there is something after the document (at character 3)"],
    ["{} {}", "there is something after the document (at character 4)"],
    ["", "it ends too early (at character 1)"],
    ["[", "it ends too early (at character 2)"],
    ["[1", "a list is not closed (at character 3)"],
    ['{"a":1', "an object is not closed (at character 7)"],
    ['{"a"1}', "a colon is missing (at character 5)"],
    ["{1:2}", "a key is missing (at character 2)"],
    ['{"a":1,}', "a key is missing (at character 8)"],
    ["[1,]", "there is no value (at character 4)"],
    ["undefined", "there is no value (at character 1)"],
    ['"a', "a text is not closed (at character 3)"],
    ['"\n"', "a text holds a control character (at character 2)"],
    ['"\\ud800"', "a text holds half a character (at character 9)"],
    ['"\\u0000"', "a text holds a NUL (at character 9)"],
    ['"\\u00g0"', "an escape is not known (at character 4)"],
    ['"\\x41"', "an escape is not known (at character 4)"],
    ['"\\x0041"', "an escape is not known (at character 4)"],
  ])("refuses %j: %s", (text, expected) => {
    expect(why(text)).toBe(expected)
  })

  it("reads every escape, and pairs of halves", () => {
    expect(read('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"')).toEqual({ ok: true, value: '"\\/\b\f\n\r\té😀' })
    expect(read("[9007199254740991,-9007199254740991,0]")).toEqual({ ok: true, value: [9007199254740991, -9007199254740991, 0] })
  })

  it("passes over white space wherever JSON may have it", () => {
    expect(read('{ "a" : [ ] , "b" : { } }')).toEqual({ ok: true, value: { a: [], b: {} } })
    expect(read("[\t1\r\n,\n2 ]")).toEqual({ ok: true, value: [1, 2] })
  })

  it("stops at its limits of size and depth, and not before", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth)

    expect(why(nested(MAX_DEPTH))).toBe("accepted")
    expect(why(nested(MAX_DEPTH + 1))).toBe(`it is nested deeper than ${MAX_DEPTH} (at character ${MAX_DEPTH + 1})`)
    expect(why('{"a":'.repeat(MAX_DEPTH + 1))).toContain("nested deeper")
    expect(why(`"${"a".repeat(MAX_BYTES - 2)}"`)).toBe("accepted")
    expect(why(`"${"a".repeat(MAX_BYTES - 1)}"`)).toBe(`it has ${MAX_BYTES + 1} bytes; ${MAX_BYTES} are allowed`)
    expect(readStrictJson(Buffer.from([0x22, 0xff, 0x22]))).toEqual({ ok: false, why: "it is not valid UTF-8" })
  })
})
