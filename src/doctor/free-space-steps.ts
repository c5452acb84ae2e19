import type { StepTable } from "../operation/journal.ts"

export const freeSpaceSteps = {
  "remove-file": { title: "remove a file", crashLeadsTo: "it is there or gone, whole; the rest stays" },
  "release-kept": { title: "release kept states", crashLeadsTo: "those not yet released stay" },
  "remove-built": {
    title: "remove a version that was built here",
    crashLeadsTo: "it is there, or what is left of it goes before the next build",
  },
  "sweep-unsealed": { title: "sweep unsealed leftovers of a vault", crashLeadsTo: "the next sweep removes the rest" },
} as const satisfies StepTable
