import { describe, expect, it } from "vitest"
import { exampleDatabasePart, exampleFilesPart, exampleManifest } from "../../test/fixture/example.ts"
import { rewrittenWarning } from "./rewritten.ts"

const MIB = 1024 * 1024
const last = exampleManifest([exampleFilesPart(100, 10 * MIB)])
const now = (sizeMiB: number, storedMiB: number): string | null =>
  rewrittenWarning(exampleFilesPart(100, sizeMiB * MIB, { storedBytes: storedMiB * MIB }), last)

describe("a file tree since the last point", () => {
  it("that came anew as a whole and cannot be compressed looks encrypted, and is told", () => {
    expect(now(10, 10)).toBe(
      "files:uploads: 10.0 MiB of 10.0 MiB are new since 20260419T120000Z-1.0 and cannot be compressed. " +
        "If nobody replaced these files, they may have been encrypted: look at them, and pin an older point before anything expires",
    )
    expect(now(10, 9)).not.toBeNull()
    expect(now(11, 10)).not.toBeNull()
  })

  it("whose new content compresses, or of which only some is new, is ordinary", () => {
    expect(now(10, 8.9)).toBeNull()
    expect(now(10, 0)).toBeNull()
  })

  it("that grew by media is ordinary, however much came", () => {
    expect(now(100, 90)).toBeNull()
    // As much as the growth and a little more.
    expect(now(100, 97.9)).toBeNull()
    expect(now(100, 98)).not.toBeNull()
  })

  it("is not judged when it was small, when there is nothing to compare with, and a database is not judged by it", () => {
    const small = exampleManifest([exampleFilesPart(3, MIB - 1)])
    expect(rewrittenWarning(exampleFilesPart(3, MIB, { storedBytes: MIB }), small)).toBeNull()
    expect(rewrittenWarning(exampleFilesPart(3, MIB), exampleManifest([exampleFilesPart(3, MIB)]))).not.toBeNull()
    expect(rewrittenWarning(exampleFilesPart(3, 10 * MIB), null)).toBeNull()
    expect(rewrittenWarning(exampleFilesPart(3, 10 * MIB), exampleManifest([]))).toBeNull()
    const database = exampleDatabasePart({ a: 1 }, { sizeBytes: 10 * MIB, storedBytes: 10 * MIB })
    expect(rewrittenWarning(database, exampleManifest([database]))).toBeNull()
  })
})
