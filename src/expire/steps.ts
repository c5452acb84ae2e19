import type { StepTable } from "../operation/journal.ts"

/** In this order a crash after any line leaves every listed point whole: un-listed first, manifest before parts (F102). */
export const expireSteps = {
  unlist: { title: "un-list the points, in the vault's ledger and in the store", crashLeadsTo: "the expiry is finished" },
  "remove-manifests": { title: "remove their manifests from the vault", crashLeadsTo: "the expiry is finished" },
  "remove-data": { title: "remove their parts and what nobody refers to", crashLeadsTo: "the expiry is finished" },
  forget: { title: "confirm by listing, and forget them", crashLeadsTo: "the expiry is finished" },
  relist: { title: "list the points again that the vault did not let go", crashLeadsTo: "the points are listed again" },
} as const satisfies StepTable

export type ExpireSteps = typeof expireSteps
