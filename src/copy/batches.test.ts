import { describe, expect, it } from "vitest"
import type { SealedPoint } from "../recovery-point/recovery-point.ts"
import { pointFromRecord } from "../recovery-point/sealed-point.ts"
import { batchesOf } from "./batches.ts"

const GIB = 1024 ** 3

/** A point as the store's index gives it, of this size. */
function pointOf(sequence: number, sizeBytes: number): SealedPoint {
  const at = new Date(Date.UTC(2026, 3, sequence)).toISOString()
  const files = { kind: "files", name: "uploads", part: "files:uploads", treeId: "0".repeat(64), sizeBytes, storedBytes: 1, files: 1 }
  const part = { ...files, durationMs: 1, root: { uid: 0, gid: 0, mode: 493 }, source: "/x", exclude: [], skipped: [], special: [] }
  const manifest = {
    format: "holdfast.recovery-point",
    version: 1,
    id: `p${sequence}`,
    app: "chat",
    label: null,
    trigger: "manual",
    cold: false,
    startedAt: at,
    finishedAt: at,
    durationMs: 1,
    host: "h",
    operationId: "o",
    appVersion: null,
    holdfastVersion: "0",
    tools: {},
    services: [],
    parts: [part],
    leftOut: [],
    keyFingerprints: {},
    activeKeyIds: {},
    compose: null,
    settings: {},
    warnings: [],
    sequence,
    previous: null,
    index: [],
  }
  const digest = `sha256:${"0".repeat(64)}`
  return pointFromRecord({
    app: "chat",
    vault: "local",
    id: `p${sequence}`,
    sequence,
    digest,
    startedAt: new Date(at),
    manifest,
    expiredAt: null,
  })
}

const idsOf = (batches: readonly (readonly SealedPoint[])[]) => batches.map((batch) => batch.map((point) => point.manifest.id))

describe("points that are copied together", () => {
  it("are small ones, newest first, and within a group oldest first", () => {
    const points = Array.from({ length: 30 }, (_, at) => pointOf(at + 1, 1000))
    const [first, second] = idsOf(batchesOf(points))

    expect(first).toEqual(points.slice(5).map((point) => point.manifest.id))
    expect(second).toEqual(points.slice(0, 5).map((point) => point.manifest.id))
    expect(batchesOf([])).toEqual([])
  })

  it("are no more than a GiB, so that a large point is safe before the next one begins", () => {
    const points = [pointOf(1, 10), pointOf(2, GIB - 10), pointOf(3, 5), pointOf(4, 3 * GIB), pointOf(5, 1)]

    expect(idsOf(batchesOf(points))).toEqual([["p5"], ["p4"], ["p2", "p3"], ["p1"]])
  })
})
