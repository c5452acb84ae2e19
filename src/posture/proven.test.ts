import { describe, expect, it } from "vitest"
import { exampleApp } from "../../test/fixture/example.ts"
import type { ProofRecord } from "../operation/ports.ts"
import { coverageOf, expectedParts } from "./coverage.ts"
import { newestProven, type PosturePoint } from "./proven.ts"

const app = exampleApp({ databases: [], files: [], secrets: ["/srv/chat/secrets"], configuration: [] })
const at = (day: number): Date => new Date(Date.UTC(2026, 3, day))

function point(id: string, day: number, more: Partial<PosturePoint> = {}): PosturePoint {
  const known = { vault: "local", sequence: day, startedAt: at(day), parts: ["secrets"], damaged: false, trigger: "schedule", unnamed: [] }
  return { id, ...known, ...more }
}

function proof(of: string, level: ProofRecord["level"], day: number, vault = "local"): ProofRecord {
  return { app: "chat", point: of, vault, level, at: at(day), durationMs: 1, operationId: `${of}-${level}-${day}`, details: null }
}

const found = (points: readonly PosturePoint[], proofs: readonly ProofRecord[]): string | null => {
  const best = newestProven(app, points, proofs, at(20))
  return best === null ? null : `${best.point.id} by ${best.proof.operationId}`
}

describe("the newest proven point", () => {
  it("is the newest by time, whatever order points and proofs come in", () => {
    const points = [point("b", 2), point("c", 3), point("a", 1)]
    const proofs = [proof("a", "read", 9), proof("c", "read", 9), proof("b", "booted", 9)]
    expect(found(points, proofs)).toBe("c by c-read-9")
    expect(found(points.toReversed(), proofs.toReversed())).toBe("c by c-read-9")
    expect(found([point("a", 1), point("b", 2)], proofs)).toBe("b by b-booted-9")
  })

  it("of two of one instant is the later in the chain", () => {
    const twins = [point("first", 5, { sequence: 7 }), point("second", 5, { sequence: 8 })]
    const proofs = [proof("first", "read", 9), proof("second", "read", 9)]
    expect(found(twins, proofs)).toBe("second by second-read-9")
    expect(found(twins.toReversed(), proofs)).toBe("second by second-read-9")
  })

  it("of one that lies in two vaults is the one that is given first", () => {
    const copies = [point("a", 5), point("a", 5, { vault: "offsite" })]
    const proofs = [proof("a", "read", 9), proof("a", "read", 10, "offsite")]
    const vaultOf = (points: readonly PosturePoint[]) => newestProven(app, points, proofs, at(20))?.point.vault

    expect([vaultOf(copies), vaultOf(copies.toReversed())]).toEqual(["local", "offsite"])
  })

  it("is told with the first of two proofs of one level and moment", () => {
    const twice = [proof("a", "read", 9), { ...proof("a", "read", 9), operationId: "again" }]

    expect([found([point("a", 1)], twice), found([point("a", 1)], twice.toReversed())]).toEqual(["a by a-read-9", "a by again"])
  })

  it("is told with its strongest proof, and of equal ones the newest", () => {
    const proofs = [
      proof("a", "read", 12),
      proof("a", "booted", 4),
      proof("a", "booted", 6),
      proof("a", "restored", 11),
      proof("a", "booted", 5),
    ]
    expect(found([point("a", 1)], proofs)).toBe("a by a-booted-6")
    expect(found([point("a", 1)], proofs.toReversed())).toBe("a by a-booted-6")
    expect(found([point("a", 1)], [proof("a", "read", 2), proof("a", "restored", 1)])).toBe("a by a-restored-1")
  })

  it("is neither damaged, nor dated in the future, nor only sealed, nor proven in another vault, nor without a part", () => {
    const read = [proof("a", "read", 9)]
    expect(found([point("a", 20)], read)).toBe("a by a-read-9")
    expect(found([point("a", 21)], read)).toBeNull()
    expect(found([point("a", 1, { damaged: true })], read)).toBeNull()
    expect(found([point("a", 1, { parts: [] })], read)).toBeNull()
    expect(found([point("a", 1)], [proof("a", "sealed", 9)])).toBeNull()
    expect(found([point("a", 1)], [proof("a", "read", 9, "other")])).toBeNull()
    expect(found([point("a", 1)], [proof("b", "read", 9)])).toBeNull()
  })
})

describe("a whole point", () => {
  it("has every part that the settings name, and no other is missed", () => {
    const full = exampleApp({ configuration: ["/srv/chat/compose.yml"], secrets: ["/srv/chat/secrets"] })
    const parts = expectedParts(full)
    expect(parts.slice(-2)).toEqual(["secrets", "configuration"])
    expect(coverageOf(full, { parts })).toEqual([])
    expect(coverageOf(full, { parts: parts.slice(0, -1) })).toEqual(["configuration"])
    expect(expectedParts(exampleApp({ databases: [], files: [], secrets: [], configuration: [] }))).toEqual([])
  })
})
