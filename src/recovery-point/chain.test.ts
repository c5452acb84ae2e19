import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { canonicalJson } from "../base/canonical-json.ts"
import { isHoldfastError } from "../base/errors.ts"
import { checkChain, type ExpiredLink } from "./chain.ts"
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
})
