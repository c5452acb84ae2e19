import { captureSteps } from "../backup/steps.ts"
import type { StepTable } from "../operation/journal.ts"

/** Importing reads foreign files into a scratch place and captures from there; nothing live is touched. */
export const importSteps = {
  ...captureSteps,
  recognise: { title: "recognise the files by their content", crashLeadsTo: "nothing was stored" },
  "import-database": {
    title: "restore the dump into a sandbox and capture it from there",
    crashLeadsTo: "the sandbox is removed, no point",
  },
  "import-files": { title: "unpack the archive and capture it", crashLeadsTo: "the unpacked copy is removed, no point" },
} as const satisfies StepTable

export type ImportSteps = typeof importSteps

export const exportSteps = {
  "export-part": { title: "write a part", crashLeadsTo: "the unfinished directory is left and named; nothing else changed" },
  "write-instructions": {
    title: "write the manifest, checksums and instructions",
    crashLeadsTo: "the unfinished directory is left and named",
  },
} as const satisfies StepTable
