import * as fc from "fast-check"
import { expect, it } from "vitest"
import { lineReader, tailReader, textReader, type OutputReader } from "./output.ts"

/** Feeds the bytes of a text in pieces of these sizes, so that lines and characters are cut anywhere. */
function feed(reader: OutputReader, text: string, sizes: readonly number[]): void {
  let rest = Buffer.from(text)
  for (const size of sizes) {
    reader.push(rest.subarray(0, size))
    rest = rest.subarray(size)
  }
  reader.push(rest)
  reader.finish()
}

const text = fc.array(fc.constantFrom("a", "\n", "é", "🦭", "\r\n", "word"), { maxLength: 60 }).map((parts) => parts.join(""))
const cuts = fc.array(fc.nat({ max: 7 }), { maxLength: 40 })

it("lines are the same wherever the bytes were cut", () => {
  fc.assert(
    fc.property(text, cuts, (given, sizes) => {
      const lines: string[] = []
      feed(
        lineReader((line) => lines.push(line)),
        given,
        sizes,
      )
      const expected = given.split("\n")
      if (expected.at(-1) === "") expected.pop()
      expect(lines).toEqual(expected)
    }),
  )
})

it("text is kept whole up to its limit and over it is overflow, not a shorter text", () => {
  fc.assert(
    fc.property(text, cuts, fc.nat({ max: 100 }), (given, sizes, limit) => {
      const reader = textReader(limit)
      feed(reader, given, sizes)
      const fits = Buffer.byteLength(given) <= limit
      expect(reader.overflowed()).toBe(!fits)
      if (fits) expect(reader.text()).toBe(given)
    }),
  )
})

it("the tail is the end of what was written, however it came", () => {
  const reader = tailReader()
  const words = Array.from({ length: 30_000 }, (_, index) => `line ${index}`).join("\n")
  feed(
    reader,
    words,
    Array.from({ length: 50 }, (_, index) => index * 131),
  )
  expect(reader.text()).toBe(words.slice(-65_536))
})

it("a line that is too long is dropped as a whole, the next one is handed over, and it counts as overflow", () => {
  const lines: string[] = []
  const reader = lineReader((line) => lines.push(line))
  for (const part of [
    "before\nx",
    ..."x"
      .repeat(10)
      .split("")
      .map(() => "x".repeat(1024 * 1024)),
    "tail of it\nafter\n",
  ])
    reader.push(Buffer.from(part))
  reader.finish()
  expect(lines).toEqual(["before", "after"])
  expect(reader.overflowed()).toBe(true)
})

it("a line at the limit is none too long", () => {
  const lines: string[] = []
  const reader = lineReader((line) => lines.push(line))
  reader.push(Buffer.from("x".repeat(8 * 1024 * 1024)))
  reader.finish()
  expect(lines.map((line) => line.length)).toEqual([8 * 1024 * 1024])
  expect(reader.overflowed()).toBe(false)
})
