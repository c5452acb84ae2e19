import type { ProofRecord } from "../operation/ports.ts"

/** Weakest first (design §6). */
export const proofLevels = ["sealed", "read", "restored", "booted"] as const

export type ProofLevel = (typeof proofLevels)[number]

/** The strongest proof, of several equally strong ones the newest; null when there is none. */
export function highestProof(proofs: readonly ProofRecord[]): ProofRecord | null {
  return proofs.reduce<ProofRecord | null>((best, proof) => (best === null || isStronger(proof, best) ? proof : best), null)
}

function isStronger(proof: ProofRecord, than: ProofRecord): boolean {
  const difference = proofLevels.indexOf(proof.level) - proofLevels.indexOf(than.level)
  return difference > 0 || (difference === 0 && proof.at > than.at)
}
