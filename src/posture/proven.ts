import type { App } from "../app/app.ts"
import type { PointSummary, ProofRecord } from "../operation/ports.ts"
import { coverageOf } from "./coverage.ts"

export interface PosturePoint extends Pick<PointSummary, "id" | "vault" | "sequence" | "startedAt" | "parts" | "trigger" | "unnamed"> {
  /** Its last check found damage. */
  readonly damaged: boolean
}

export interface ProvenPoint {
  readonly point: PosturePoint
  /** Its strongest proof, the newest of that level. */
  readonly proof: ProofRecord
}

const STRENGTH: Readonly<Record<ProofRecord["level"], number>> = { sealed: 0, read: 1, restored: 2, booted: 3 }

/** The newest point that is whole, undamaged, not dated in the future, and read back or better. */
export function newestProven(app: App, points: readonly PosturePoint[], proofs: readonly ProofRecord[], now: Date): ProvenPoint | null {
  const strongest = strongestProofs(proofs)
  let newest: ProvenPoint | null = null
  // What costs most is asked last, and only of what would be an answer: pages ask this of ten thousand points (design §14).
  for (const point of points) {
    const proof = strongest.get(point.vault)?.get(point.id)
    if (proof === undefined || point.damaged || point.startedAt > now) continue
    if (newest !== null && !isNewer(point, newest.point)) continue
    if (coverageOf(app, point).length === 0) newest = { point, proof }
  }
  return newest
}

export function isNewer(left: PosturePoint, right: PosturePoint): boolean {
  return (left.startedAt.getTime() - right.startedAt.getTime() || left.sequence - right.sequence) > 0
}

/** By vault and point: the strongest proof, of equal ones the newest. A seal alone proves nothing. */
function strongestProofs(proofs: readonly ProofRecord[]): ReadonlyMap<string, ReadonlyMap<string, ProofRecord>> {
  const byVault = new Map<string, Map<string, ProofRecord>>()
  for (const proof of proofs) {
    if (proof.level === "sealed") continue
    const ofVault = byVault.get(proof.vault) ?? new Map<string, ProofRecord>()
    byVault.set(proof.vault, ofVault)
    const present = ofVault.get(proof.point)
    if (present === undefined || isStronger(proof, present)) ofVault.set(proof.point, proof)
  }
  return byVault
}

function isStronger(left: ProofRecord, right: ProofRecord): boolean {
  return (STRENGTH[left.level] - STRENGTH[right.level] || left.at.getTime() - right.at.getTime()) > 0
}
