import type { ProofRecord } from "../operation/ports.ts"

/** Duration of the newest drill or restore; a whole boot says more than a restore alone on the same day, so the newest decides. */
export function recoveryTimeOf(proofs: readonly ProofRecord[]): number | null {
  const measured = proofs.filter((proof) => proof.level === "restored" || proof.level === "booted")
  return measured.toSorted((left, right) => right.at.getTime() - left.at.getTime())[0]?.durationMs ?? null
}
