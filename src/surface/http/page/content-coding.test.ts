import { expect, it } from "vitest"
import { chooseCoding } from "./content-coding.ts"

const all = (): boolean => true

it.each([
  ["gzip, deflate, br, zstd", "br"],
  ["gzip", "gzip"],
  ["br;q=0.5, gzip;q=0.8", "gzip"],
  ["br;q=0, gzip", "gzip"],
  ["*", "br"],
  ["*;q=0", null],
  ["gzip;q=0.2, identity;q=0.9", null],
  ["zstd", null],
  ["GZIP", "gzip"],
  ["br;q=nonsense", null],
  ["", null],
  [null, null],
])("answers %j with %j", (accepted, name) => {
  expect(chooseCoding(accepted, all)?.name ?? null).toBe(name)
})

it("chooses only what is there", () => {
  expect(chooseCoding("br, gzip", ({ name }) => name === "gzip")?.name).toBe("gzip")
  expect(chooseCoding("br, gzip", () => false)).toBeNull()
})
