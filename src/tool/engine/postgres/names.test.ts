import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { replacementNames } from "./names.ts"

const OPERATION = "20260419t120000-3f9a1c"

describe("names of replaced databases", () => {
  it("hold the live name and the operation's id", () => {
    expect(replacementNames("chat", OPERATION)).toEqual({
      live: "chat",
      staged: "chat_restore_20260419t120000-3f9a1c",
      kept: "chat_kept_20260419t120000-3f9a1c",
      failed: "chat_failed_20260419t120000-3f9a1c",
    })
  })

  it("have at most 63 bytes, and stay apart for long names", () => {
    const long = "x".repeat(62)
    const [one, other] = [replacementNames(`${long}a`, OPERATION), replacementNames(`${long}b`, OPERATION)]
    expect(one.staged).not.toBe(other.staged)
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }), (live) => {
        const { staged, kept, failed } = replacementNames(live, OPERATION)
        for (const name of [staged, kept, failed]) {
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
          expect(name.endsWith(OPERATION)).toBe(true)
        }
        expect(new Set([live, staged, kept, failed]).size).toBe(4)
      }),
    )
  })
})
