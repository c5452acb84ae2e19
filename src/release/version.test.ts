import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { compareVersions, compareVersionTexts, isEarlier, parseVersion, semverOf, type Version } from "./version.ts"

const number = fc.nat(30)
const anyVersion = fc
  .record({
    numbers: fc.array(number, { minLength: 1, maxLength: 3 }),
    prerelease: fc.constantFrom("", "-rc.1", "-rc1", "-beta.2", "-alpha", "-3"),
    v: fc.boolean(),
  })
  .map(({ numbers, prerelease, v }) => `${v ? "v" : ""}${numbers.join(".")}${prerelease}`)

function parsed(text: string): Version {
  const version = parseVersion(text)
  if (version === null) throw new Error(`${text} is no version`)
  return version
}

describe("a version", () => {
  it.each([
    ["0.9.0", "0.10.0"],
    ["v0.9.0", "0.10.0"],
    ["1.9", "1.10"],
    ["9", "10"],
    ["1.0.0-rc.1", "1.0.0"],
    ["1.0.0-rc9", "1.0.0-rc10"],
    ["1.0.0-alpha", "1.0.0-beta"],
    ["1.0.0-beta.2", "1.0.0-beta.11"],
    ["1.0.0-RC1", "1.0.0-rc2"],
    ["1.0.0-rc009", "1.0.0-rc10"],
    ["1.0.0-nightly.20260102", "1.0.0-nightly.20260110"],
    ["1.0.0-rc.1.2", "1.0.0-rc.1.10"],
    ["2026.01.09", "2026.1.10"],
    ["1.2.3-rc.1-alpine", "1.2.3-alpine"],
  ])("%s is before %s", (left, right) => {
    expect(compareVersionTexts(left, right)).toBeLessThan(0)
    expect(compareVersionTexts(right, left)).toBeGreaterThan(0)
    expect([isEarlier(left, right), isEarlier(right, left)]).toEqual([true, false])
  })

  it("keeps a variant apart from a pre-release, and orders without it", () => {
    expect(parsed("v1.2.3-rc.1-alpine3.20")).toEqual({
      text: "v1.2.3-rc.1-alpine3.20",
      numbers: [1, 2, 3],
      prerelease: "rc.1",
      variant: "alpine3.20",
    })
    expect(parsed("16-bookworm-slim")).toMatchObject({ numbers: [16], prerelease: "", variant: "bookworm-slim" })
    expect(parsed("1.2.3+build.7")).toMatchObject({ prerelease: "", variant: "" })
    expect(parsed("1.2.3-rc.1.linux")).toMatchObject({ prerelease: "rc.1.linux", variant: "" })
    expect(parsed("1.2.3-rc-1")).toMatchObject({ prerelease: "rc.1", variant: "" })
    expect(parsed("1.2.3-arm")).toMatchObject({ prerelease: "", variant: "arm" })
    expect(parsed("1.2.3-betax")).toMatchObject({ prerelease: "", variant: "betax" })
    expect(compareVersionTexts("1.2.3-alpine", "1.2.3")).toBe(0)
    expect(semverOf(parsed("v1.2-rc1-alpine"))).toBe("1.2.0-rc.1")
    expect(semverOf(parsed("1-RC007"))).toBe("1.0.0-rc.7")
    expect(semverOf(parsed("1.2.3-alpine"))).toBe("1.2.3")
  })

  it("is none when it cannot be compared exactly", () => {
    for (const text of [
      "",
      "latest",
      "v",
      "1.2.3.4",
      "1..2",
      "-1.0.0",
      "1.0.0-",
      "x1.0.0",
      "1.0.0 ",
      "\n1.0.0",
      "1.0.0\n",
      "9007199254740993.0.0",
      "1.0.0-rc.9007199254740993",
      "1.0.0-rc.",
      "1.0.0-12.",
      "1.0.0-rc.2a",
      `1.0.0-${"a".repeat(200)}`,
    ]) {
      expect(parseVersion(text), text).toBeNull()
    }
    expect(compareVersionTexts("1.0.0", "latest")).toBeNull()
    expect(compareVersionTexts("latest", "1.0.0")).toBeNull()
    expect(isEarlier("1.0.0", "latest")).toBe(false)
    expect(parseVersion(`1.0.0-${"a".repeat(122)}`)).not.toBeNull()
  })

  it("orders in one way: never both before and after, never in a ring, whatever the way of writing", () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, anyVersion, (a, b, c) => {
        const [left, middle, right] = [parsed(a), parsed(b), parsed(c)]

        expect(Math.sign(compareVersions(left, middle))).toBe(-Math.sign(compareVersions(middle, left)) + 0)
        if (compareVersions(left, middle) <= 0 && compareVersions(middle, right) <= 0) {
          expect(compareVersions(left, right)).toBeLessThanOrEqual(0)
        }
        expect(compareVersions(left, parsed(semverOf(left)))).toBe(0)
        expect(compareVersions(left, parsed(a.startsWith("v") ? a.slice(1) : `v${a}`))).toBe(0)
      }),
    )
  })
})
