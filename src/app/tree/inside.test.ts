import { join } from "node:path"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { isInside } from "./inside.ts"

const name = fc.constantFrom("a", "..a", "...", "a..", ".a", "b c")
const path = fc.array(name, { maxLength: 4 }).map((parts) => `/${parts.join("/")}`)

it("a path is inside itself and all that it was joined from", () => {
  fc.assert(
    fc.property(path, fc.array(name, { maxLength: 3 }), (parent, more) => {
      expect(isInside(parent, join(parent, ...more))).toBe(true)
    }),
  )
})

it("what is not below is outside, as comparing name by name says", () => {
  fc.assert(
    fc.property(path, path, (parent, child) => {
      const parts = (one: string): readonly string[] => one.split("/").filter((part) => part !== "")
      const expected = parts(parent).every((part, index) => parts(child)[index] === part)
      expect(isInside(parent, child)).toBe(expected)
    }),
  )
})
