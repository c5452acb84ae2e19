import * as fc from "fast-check"
import { expect, test } from "vitest"
import { splitAddresses } from "./addresses.ts"

test("addresses of one text are split at comma, semicolon, space and line, and each is kept once as it was first written", () => {
  expect(splitAddresses("Ada@example.com, ops@example.com;ada@example.com\n\tnight@example.com  ,;")).toEqual([
    "Ada@example.com",
    "ops@example.com",
    "night@example.com",
  ])
  expect(splitAddresses("")).toEqual([])
})

test("whatever stands between them, no address is lost and none comes twice", () => {
  const address = fc.integer({ min: 0, max: 5 }).map((name) => `a${name}@example.com`)
  const between = fc.stringMatching(/^[,; \n\r\t]{1,4}$/)
  fc.assert(
    fc.property(fc.array(fc.tuple(address, between)), (pieces) => {
      const text = pieces.map(([one, separator]) => `${one}${separator}`).join("")
      expect(splitAddresses(text)).toEqual([...new Set(pieces.map(([one]) => one))])
    }),
  )
})
