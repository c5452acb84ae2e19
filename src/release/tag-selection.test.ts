import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { selectTag, type TagRules } from "./tag-selection.ts"

const rules = (running: string, more: Partial<TagRules> = {}): TagRules => ({
  running,
  range: null,
  tagPattern: null,
  prereleases: false,
  ...more,
})
const select = (tags: readonly string[], running: string, more: Partial<TagRules> = {}): string | null =>
  selectTag(tags, rules(running, more))?.tag ?? null

describe("the tag to follow", () => {
  const tags = [
    "latest",
    "0.9.0",
    "0.10.0",
    "0.10.0-alpine",
    "0.11.0-rc.1",
    "0.10",
    "1.0.0",
    "1.0.0-alpine",
    "v2.0.0",
    "sha-1234567",
    "0.8.0",
  ]

  it("is the newest version, not the last in the alphabet", () => {
    expect(select(tags, "0.9.0", { range: "0.x" })).toBe("0.10.0")
    expect(select(tags, "0.9.0")).toBe("v2.0.0")
    expect(select(tags, "0.9.0", { range: "^0.9.0" })).toBeNull()
    expect(select(tags, "v2.0.0")).toBeNull()
  })

  it("keeps the variant and how many numbers there are", () => {
    expect(select(tags, "0.9.0-alpine")).toBe("1.0.0-alpine")
    expect(select(tags, "0.9")).toBe("0.10")
    expect(select(["16-alpine", "17-alpine", "17.1-alpine", "17"], "16-alpine")).toBe("17-alpine")
    expect(select(tags, "0.9.0-bookworm")).toBeNull()
  })

  it("is a pre-release only where these are wanted", () => {
    expect(select(tags, "0.10.0", { range: "0.x" })).toBeNull()
    expect(select(tags, "0.10.0", { range: "0.x", prereleases: true })).toBe("0.11.0-rc.1")
    expect(select(["0.11.0-rc.1"], "0.10.0")).toBeNull()
    expect(select(["0.11.0-rc.1"], "0.10.0", { prereleases: true })).toBe("0.11.0-rc.1")
  })

  it("matches the pattern as a whole, and takes the version from its group", () => {
    const patterned = ["release-1.2.0", "release-1.10.0", "release-1.11.0-debug", "my-release-9.0.0", "1.20.0"]

    expect(select(patterned, "release-1.0.0", { tagPattern: "release-(?<version>[0-9.]+)" })).toBe("release-1.10.0")
    expect(select(patterned, "release-1.0.0", { tagPattern: "^release-(.+)$" })).toBe("release-1.10.0")
    // Known by the label of an image that was started by `latest`.
    expect(select(patterned, "1.1.0", { tagPattern: "release-([0-9.]+)" })).toBe("release-1.10.0")
    expect(select(["1.2.0", "1.3.0x"], "1.1.0", { tagPattern: "1\\.[0-9]\\.0|x" })).toBe("1.2.0")
    expect(select(["lts-1.2.0"], "1.1.0", { tagPattern: "(lts|edge)-(?<version>[0-9.]+)" })).toBe("lts-1.2.0")
  })

  it("of two that write one version is always the same", () => {
    expect(select(["v1.1.0", "1.1.0"], "1.0.0")).toBe("1.1.0")
    expect(select(["1.1.0", "v1.1.0"], "1.0.0")).toBe("1.1.0")
  })

  it("is not one that is longer than tags can be, also where its version is short", () => {
    const tagOf = (length: number): string => `1.1.0-${"a".repeat(length - 6)}`

    expect(select([tagOf(128)], "1.0.0", { tagPattern: "([0-9.]+)-a+" })).toBe(tagOf(128))
    expect(select([tagOf(129)], "1.0.0", { tagPattern: "([0-9.]+)-a+" })).toBeNull()
  })

  it("is refused when the rules or the running tag make no sense", () => {
    expect(() => select(tags, "latest")).toThrow(
      expect.objectContaining({ code: "IMAGE_TAG_MISSING", message: "the running tag latest is no version that can be followed" }),
    )
    expect(() => select(tags, "1.0.0", { tagPattern: "(" })).toThrow(
      expect.objectContaining({ code: "USAGE", message: "( is no pattern for tags" }),
    )
    expect(() => select(tags, "1.0.0", { range: "newest" })).toThrow(
      expect.objectContaining({
        code: "USAGE",
        message: "newest is no range of versions",
        hint: "Write it as ^1.4, 1.x or >=1.4 <3.",
      }),
    )
    expect(select([`1.0.${"0".repeat(200)}1`], "1.0.0", { tagPattern: ".*" })).toBeNull()
  })

  it("does not depend on the order of the tags, and is never before what runs", () => {
    const anyTag = fc.tuple(fc.nat(3), fc.nat(12), fc.constantFrom("", "v")).map(([major, minor, v]) => `${v}${major}.${minor}.0`)
    fc.assert(
      fc.property(fc.array(anyTag, { maxLength: 12 }), anyTag, fc.integer(), (some, running, seed) => {
        const shuffled = some.toSorted((left, right) => (`${left}${seed}` < `${right}${seed}` ? 1 : -1))
        const found = selectTag(some, rules(running))

        expect(selectTag(shuffled, rules(running))?.tag).toBe(found?.tag)
        const newer = some.some((tag) => weight(tag) > weight(running))
        expect(found !== null).toBe(newer)
        if (found !== null) expect(weight(found.tag)).toBe(Math.max(...some.map(weight)))
      }),
    )
  })
})

function weight(tag: string): number {
  const [major = 0, minor = 0] = tag.replace("v", "").split(".").map(Number)
  return major * 100 + minor
}
