import type { App } from "../app/app.ts"
import type { PointSummary, ProofRecord } from "../operation/ports.ts"
import { coverageOf } from "./coverage.ts"

export interface PosturePoint extends Pick<PointSummary, "id" | "vault" | "sequence" | "startedAt" | "parts"> {
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
  const newestFirst = points
    .filter((point) => !point.damaged && point.startedAt <= now && coverageOf(app, point).length === 0)
    .toSorted((left, right) => right.startedAt.getTime() - left.startedAt.getTime() || right.sequence - left.sequence)
  for (const point of newestFirst) {
    const proof = strongest(proofs.filter((candidate) => candidate.point === point.id && candidate.vault === point.vault))
    if (proof !== undefined) return { point, proof }
  }
  return null
}

function strongest(proofs: readonly ProofRecord[]): ProofRecord | undefined {
  return proofs
    .filter((proof) => STRENGTH[proof.level] > STRENGTH.sealed)
    .toSorted((left, right) => STRENGTH[right.level] - STRENGTH[left.level] || right.at.getTime() - left.at.getTime())[0]
}
