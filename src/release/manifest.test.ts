import { describe, expect, it } from "vitest"
import { exampleRelease, REPOSITORY } from "../../test/fixture/release.ts"
import { isHoldfastError } from "../base/errors.ts"
import { canonicalManifest, MAX_SEQUENCE, readManifest, type Hop } from "./manifest.ts"

const DIGEST = `sha256:${"b".repeat(64)}`
const hop = (more: Partial<Hop> = {}): Hop => ({ version: "1.3.0", sequence: 5, upgradesFrom: null, manifest: DIGEST, ...more })
const image = (repository: string, digest = DIGEST): Record<string, unknown> => ({ images: { server: { repository, digest } } })

function whyRefused(text: string): string {
  try {
    readManifest(Buffer.from(text))
    return "accepted"
  } catch (thrown) {
    if (!isHoldfastError(thrown, "RELEASE_INVALID")) throw thrown
    expect(thrown.message).toBe("the release manifest is not valid")
    return thrown.why ?? ""
  }
}

/** Why the example is refused with these members in the place of its own; without a member that is undefined. */
const why = (more: Readonly<Record<string, unknown>>): string => whyRefused(JSON.stringify({ ...exampleRelease(), ...more }))

describe("a manifest", () => {
  it("is the same after it was written and read", () => {
    const manifest = exampleRelease({ hops: [hop(), hop({ version: "1.2.0", sequence: 4, upgradesFrom: "1.0.0" })] })

    expect(readManifest(Buffer.from(canonicalManifest(manifest)))).toEqual(manifest)
    expect(canonicalManifest(manifest)).toMatch(/^\{"channel":.*\}\n$/)
    expect(() => canonicalManifest({ ...manifest, images: {} })).toThrow("the release manifest is not valid")
  })

  it("needs no command before and after", () => {
    expect(why({ preFlight: null, migrate: null })).toBe("accepted")
  })

  it("that is no object is refused as such", () => {
    expect(whyRefused("[1")).toBe("a list is not closed (at character 3)")
    for (const text of ['"text"', "[1]", "null", "7"]) expect(whyRefused(text)).toMatch(/^Invalid input: expected object/)
  })

  it("says what is wrong with it and where, the first three", () => {
    expect(why({ format: "other" })).toMatch(/^format: [^;]+$/)
    expect(why({ images: { server: { repository: REPOSITORY, digest: "latest" } } })).toMatch(/^images\.server\.digest: [^;]+$/)
    expect(why({ format: "a", product: "B", channel: "c", version: "d" })).toMatch(/^format: [^;]+; product: [^;]+; channel: [^;]+$/)
  })

  it.each([
    ["images: there is none", { images: {} }],
    ["expires: it is not after issued", { expires: exampleRelease().issued }],
    ["preFlight: there is no image worker", { preFlight: { image: "worker", command: ["/check"] } }],
    ["migrate: there is no image worker", { migrate: { image: "worker", command: ["/migrate"] } }],
    ["migrate: there is no image constructor", { migrate: { image: "constructor", command: ["/migrate"] } }],
    ["upgradesFrom: it is not before version", { upgradesFrom: "1.4.0" }],
    ["hops: 1.4.0 is not before this release", { hops: [hop({ version: "1.4.0" })] }],
    ["hops: 1.3.0 is not before this release", { hops: [hop({ sequence: 7 })] }],
    ["hops: 1.3.0 upgrades from what is not before it", { hops: [hop({ upgradesFrom: "1.3.0" })] }],
    ["hops: a version is there twice", { hops: [hop(), hop({ sequence: 6 })] }],
  ])("whose members contradict each other is refused: %s", (expected, more) => {
    expect(why(more)).toBe(expected)
  })
})

describe("a repository of images", () => {
  it.each(["localhost/chat", "registry.example:5000/chat", "a.b-c.example/one/two", "r.example/a-bc", "r.example/a--b", "r.example/a__b"])(
    "may be %s",
    (repository) => {
      expect(why(image(repository))).toBe("accepted")
    },
  )

  it.each([
    "chat",
    "r.example/Chat",
    "r.example/chat:1.0",
    "r.example/a___b",
    "r.example//a",
    "-r.example/a",
    "r.example:123456/a",
    "r.example/",
  ])("is never %s", (repository) => {
    expect(why(image(repository))).toMatch(/^images\.server\.repository: /)
  })
})

describe("the name of a product", () => {
  it.each(["a", "chat", "chat-2.x_y", "a".repeat(64)])("may be %s", (product) => {
    expect(why({ product })).toBe("accepted")
  })

  it.each(["", "-chat", "chat-", "Chat", "a b", "a".repeat(65)])("is never %j", (product) => {
    expect(why({ product })).toMatch(/^product: /)
  })
})

describe("the version of a release", () => {
  it.each(["1.4.0", "10.20.30", "2026.4.19", "1.4.0-rc.1", "1.4.0+build.7"])("may be %s", (version) => {
    expect(why({ version, upgradesFrom: null })).toBe("accepted")
  })

  it.each(["1.4", "v1.4.0", "1.4.0.1", "1.4.0-alpine", "latest", ""])("is never %j", (version) => {
    expect(why({ version, upgradesFrom: null })).toBe("version: is no version such as 1.4.0 or 1.4.0-rc.1")
  })
})

describe("the limits of a manifest", () => {
  it("are met exactly", () => {
    const commandOf = (length: number): Record<string, unknown> => ({
      migrate: { image: "server", command: Array<string>(length).fill("x") },
    })

    expect(why({ sequence: 1 })).toBe("accepted")
    expect(why({ sequence: 0 })).toMatch(/^sequence: /)
    expect(why({ sequence: MAX_SEQUENCE })).toBe("accepted")
    expect(why({ sequence: MAX_SEQUENCE + 1 })).toMatch(/^sequence: /)
    expect(MAX_SEQUENCE).toBe(1_099_511_627_776)
    expect(why(commandOf(64))).toBe("accepted")
    expect(why(commandOf(0))).toMatch(/^migrate\.command: /)
    expect(why(commandOf(65))).toMatch(/^migrate\.command: /)
    expect(why({ migrate: { image: "server", command: [""] } })).toMatch(/^migrate\.command\.0: /)
    expect(why({ notes: "n".repeat(65_536) })).toBe("accepted")
    expect(why({ notes: "n".repeat(65_537) })).toMatch(/^notes: /)
  })

  it("know instants to the second, in UTC", () => {
    for (const issued of ["2026-04-19T10:00:00.5Z", "2026-04-19T10:00Z", "2026-04-19T10:00:00+02:00", "2026-04-19"]) {
      expect(why({ issued })).toMatch(/^issued: /)
    }
  })
})
