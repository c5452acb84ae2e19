import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { canonicalJson } from "../base/canonical-json.ts"
import { isHoldfastError } from "../base/errors.ts"
import { checkChain, type ExpiredLink, type Origins } from "./chain.ts"
import type { Manifest } from "./manifest.ts"
import { pointFromText, type SealedPoint } from "./sealed-point.ts"

const at = "2026-04-19T12:00:00.000Z"

function sealedPoint(sequence: number, previous: SealedPoint | undefined, label: string | null = null): SealedPoint {
  const id = `20260419T1200${String(sequence).padStart(2, "0")}Z-1.0`
  const manifest: Manifest = {
    format: "holdfast.recovery-point",
    version: 1,
    id,
    app: "chat",
    label,
    trigger: "manual",
    cold: false,
    startedAt: at,
    finishedAt: at,
    durationMs: 1,
    host: "h",
    operationId: "o",
    appVersion: null,
    holdfastVersion: "0.1.0",
    tools: {},
    services: [],
    parts: [],
    leftOut: [],
    keyFingerprints: {},
    activeKeyIds: {},
    compose: null,
    settings: {},
    warnings: [],
    sequence,
    previous: previous === undefined ? null : { id: previous.manifest.id, digest: previous.digest },
    index: [],
  }
  return pointFromText(canonicalJson(manifest), "local", { app: "chat", id })
}

function chainOf(length: number): readonly SealedPoint[] {
  const points: SealedPoint[] = []
  for (let sequence = 1; sequence <= length; sequence += 1) points.push(sealedPoint(sequence, points.at(-1)))
  return points
}

function expiry(point: SealedPoint): ExpiredLink {
  return { id: point.manifest.id, sequence: point.manifest.sequence, digest: point.digest, at: new Date(at) }
}

function isBroken(points: readonly SealedPoint[], expired: readonly ExpiredLink[] = []): boolean {
  try {
    checkChain(points, expired)
    return false
  } catch (thrown) {
    return isHoldfastError(thrown, "CHAIN_BROKEN")
  }
}

const subset = fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { maxLength: 6 })

describe("the chain of points", () => {
  it("is whole when every gap was left by an expiry, in whatever order points are listed", () => {
    fc.assert(
      fc.property(subset, fc.boolean(), (gaps, reversed) => {
        const points = chainOf(8)
        const left = points.filter((_, index) => !gaps.includes(index))
        const expired = points.filter((_, index) => gaps.includes(index)).map(expiry)

        expect(isBroken(reversed ? left.toReversed() : left, expired)).toBe(false)
      }),
    )
  })

  it("is broken when any point before the newest is gone without a decision", () => {
    fc.assert(
      fc.property(subset, fc.integer({ min: 0, max: 6 }), (gaps, stolen) => {
        const points = chainOf(8)
        const left = points.filter((_, index) => index !== stolen && !gaps.includes(index))
        const expired = points.filter((_, index) => index !== stolen && gaps.includes(index)).map(expiry)

        expect(isBroken(left, expired)).toBe(true)
      }),
    )
  })

  it("is broken when a point was altered, or another was put in its place", () => {
    const points = chainOf(4)
    const altered = sealedPoint(2, points[0], "forged")

    expect(() => checkChain(points.with(1, altered))).toThrow(
      expect.objectContaining({
        code: "CHAIN_BROKEN",
        why: "the manifest of 20260419T120002Z-1.0 is not the one that 20260419T120003Z-1.0 was sealed after",
      }),
    )
    expect(isBroken([...points, altered])).toBe(true)
    expect(isBroken([], [])).toBe(false)
  })

  function whyOf(points: readonly SealedPoint[], explained: readonly ExpiredLink[] = [], origins: Origins = new Map()): unknown {
    try {
      checkChain(points, explained, origins)
      return null
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: "CHAIN_BROKEN", message: "the chain of points is broken" })
      return isHoldfastError(thrown) ? thrown.details["problems"] : thrown
    }
  }

  it("says what is missing, and where", () => {
    const [one, two, three, four] = chainOf(4)
    if (!one || !two || !three || !four) throw new Error("four points")
    expect(whyOf([one, three])).toEqual(["20260419T120002Z-1.0 is missing before 20260419T120003Z-1.0"])
    expect(whyOf([one, four], [expiry(three)])).toEqual(["points at the places 2 before 20260419T120004Z-1.0 are missing"])
    expect(whyOf([four], [expiry(three)])).toEqual(["points at the places 1, 2 before 20260419T120004Z-1.0 are missing"])
    expect(whyOf([one, three], [{ ...expiry(two), digest: one.digest }])).toEqual([
      "20260419T120002Z-1.0 is missing before 20260419T120003Z-1.0",
    ])
    expect(whyOf([one, three], [{ ...expiry(two), id: one.manifest.id }])).toEqual([
      "20260419T120002Z-1.0 is missing before 20260419T120003Z-1.0",
    ])
    expect(whyOf([two], [])).toEqual(["20260419T120001Z-1.0 is missing before 20260419T120002Z-1.0"])
    expect(whyOf([one, two, three, four])).toBeNull()
    expect(whyOf([four], [expiry(one), expiry(two), expiry(three)])).toBeNull()
  })

  it("tells two points in one place, a point without a past, and one that follows another than it names", () => {
    const [one, two] = chainOf(2)
    if (!one || !two) throw new Error("two points")
    const twin = renamed(sealedPoint(2, one), "twin")
    expect(whyOf([one, two, twin])).toEqual(["20260419T120002Z-1.0 and twin have the same place (2)"])
    expect(whyOf([two, twin])).toEqual([
      "20260419T120002Z-1.0 and twin have the same place (2)",
      "20260419T120001Z-1.0 is missing before 20260419T120002Z-1.0",
    ])
    expect(whyOf([one, sealedPoint(3, undefined)])).toEqual(["20260419T120003Z-1.0 has place 3 and names no point before it"])
    expect(whyOf([one, twin, sealedPoint(3, two)])).toEqual(["20260419T120003Z-1.0 follows 20260419T120002Z-1.0, but twin stands there"])
    expect(whyOf([one, sealedPoint(3, undefined), sealedPoint(5, one)])).toEqual([
      "20260419T120003Z-1.0 has place 3 and names no point before it",
      "20260419T120001Z-1.0 is missing before 20260419T120005Z-1.0",
    ])
  })

  it("tells in a copy each vault's points apart, and still holds every one of them to the point that it names", () => {
    const [one, two, three] = chainOf(3)
    if (!one || !two || !three) throw new Error("three points")
    const own = renamed(sealedPoint(3, two), "own")
    const next = renamed(sealedPoint(4, own), "next")
    const copied = new Map([one, two, three].map((point) => [point.manifest.id, "first vault"]))
    const all = [one, two, three, own, next]

    expect(whyOf(all)).toEqual(["20260419T120003Z-1.0 and own have the same place (3)"])
    expect(whyOf(all, [], copied)).toBeNull()
    // Copies of two vaults that both began at the first place.
    const other = renamed(one, "other")
    expect(whyOf([one, other], [], new Map([...copied, ["other", "second vault"]]))).toBeNull()
    expect(whyOf([...all, renamed(three, "twin")], [], copied)).toEqual(["own and twin have the same place (3)"])
    expect(whyOf([one, two, three, next], [], copied)).toEqual(["own is missing before next"])
    expect(whyOf([one, three, own, next], [], copied)).toEqual([
      "20260419T120002Z-1.0 is missing before 20260419T120003Z-1.0",
      "20260419T120002Z-1.0 is missing before own",
    ])
    expect(whyOf([one, three, own, next], [expiry(two)], copied)).toBeNull()
    expect(whyOf([one, sealedPoint(2, one, "forged"), own], [], new Map([[one.manifest.id, "first vault"]]))).toEqual([
      "the manifest of 20260419T120002Z-1.0 is not the one that own was sealed after",
    ])
  })

  it("gives all that is wrong at once", () => {
    const points = chainOf(6).filter((_, index) => index !== 1 && index !== 4)
    expect(() => checkChain(points)).toThrow(
      expect.objectContaining({
        why: "20260419T120002Z-1.0 is missing before 20260419T120003Z-1.0; 20260419T120005Z-1.0 is missing before 20260419T120006Z-1.0",
      }),
    )
  })
})

function renamed(point: SealedPoint, id: string): SealedPoint {
  return pointFromText(canonicalJson({ ...point.manifest, id }), "local", { app: "chat", id })
}
