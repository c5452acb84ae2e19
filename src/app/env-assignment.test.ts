import * as fc from "fast-check"
import { expect, it } from "vitest"
import { withEnvValue } from "./env-assignment.ts"
import { parseEnvFile } from "./env-file.ts"

it.each([
  ["A=1\nB=2\n", "A=new\nB=2\n"],
  ["A=1\nA=2 # kept", "A=1\nA=new # kept"],
  ["\uFEFFexport A = 'x y' # c\r\n", "\uFEFFexport A = 'new' # c\r\n"],
  ["A= # empty\n", "A=new # empty\n"],
  ["A=\n", "A=new\n"],
  ['B="\nA=1\n"\nA="two\nlines"\n', 'B="\nA=1\n"\nA="new"\n'],
  ["A: 1\r\n", "A: new\r\n"],
  ["A=a#b\n", "A=new\n"],
])("puts the value into the last assignment of %j", (text, expected) => {
  expect(withEnvValue(text, "A", "new")).toBe(expected)
})

it("has no place for a key that is not assigned, or only passed on", () => {
  expect(withEnvValue("# A=1\nB=2\nA\n", "A", "new")).toBeNull()
  expect(withEnvValue("", "A", "new")).toBeNull()
})

it("leaves alone what would read differently with the value in it", () => {
  expect(withEnvValue("A=# nothing\n", "A", "new")).toBeNull()
})

it("changes one value for whoever reads the file, and bytes in one place", () => {
  const piece = fc.constantFrom(
    "A",
    "B",
    "=",
    ":",
    "'",
    '"',
    " ",
    "\t",
    "#",
    "\n",
    "\r\n",
    "\\",
    "$",
    "export ",
    "\uFEFF",
    "x",
    "A=1\n",
    "A='\n",
    "B=2\n",
  )
  let edits = 0
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join("")
      const edited = withEnvValue(text, "A", "new-1.0@x")
      if (edited === null) return
      edits += 1
      const [before, after] = [parseEnvFile(text, null), parseEnvFile(edited, null)]
      expect(after.values).toEqual(new Map(before.values).set("A", "new-1.0@x"))
      const at = edited.lastIndexOf("new-1.0@x")
      expect(text.startsWith(edited.slice(0, at))).toBe(true)
      expect(text.endsWith(edited.slice(at + "new-1.0@x".length))).toBe(true)
    }),
    { numRuns: 3000 },
  )
  expect(edits).toBeGreaterThan(100)
})
