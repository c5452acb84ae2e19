import type { StepTable } from "../operation/journal.ts"

/** In this order a crash after any line leaves each point in the target whole or absent: parts, then the ledger, the manifest last. */
export const copySteps = {
  "copy-parts": { title: "copy the parts", crashLeadsTo: "the points are not in the target; the next copy uses what has arrived" },
  announce: { title: "tell the target's ledger what comes", crashLeadsTo: "the ledger is put right; the points are not in the target" },
  "copy-manifests": { title: "copy the manifests", crashLeadsTo: "those that have arrived are listed, of the others the ledger says so" },
  "list-points": { title: "read the manifests back and list the points", crashLeadsTo: "the points that have arrived are listed" },
  "carry-pins": { title: "write pins into the target's ledger", crashLeadsTo: "the next copy writes those that are missing" },
} as const satisfies StepTable

export type CopySteps = typeof copySteps
