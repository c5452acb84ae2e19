import { captureSteps } from "../backup/steps.ts"
import type { StepTable } from "../operation/journal.ts"

/**
 * The steps of a restore in place. Until `swap` nothing live has changed, so a crash is undone; after the last swap (`start` was
 * journaled) it is finished: started and gated, and swapped back only if the gate says no.
 */
export const restoreSteps = {
  ...captureSteps,
  "read-point": { title: "read the point back", crashLeadsTo: "nothing was changed" },
  prepare: { title: "name what is staged and kept", crashLeadsTo: "nothing was changed" },
  "stop-writers": { title: "stop the app", crashLeadsTo: "the app is started again, nothing was changed" },
  "safety-point": { title: "take a safety point", crashLeadsTo: "the app is started again, the safety point is there or absent" },
  "stage-database": {
    title: "restore a database beside the live one",
    crashLeadsTo: "what was staged is dropped, the app is started again",
  },
  "stage-files": { title: "restore a file tree beside the live one", crashLeadsTo: "what was staged is removed, the app is started again" },
  "stage-paths": {
    title: "put secrets and configuration beside the live ones",
    crashLeadsTo: "what was staged is removed, the app is started again",
  },
  "load-image": { title: "load an image of the point", crashLeadsTo: "a loaded image stays; the app is started again as it was" },
  check: { title: "check what was staged", crashLeadsTo: "what was staged is removed, the app is started again" },
  swap: { title: "swap", crashLeadsTo: "everything is swapped back, the app is started again in its old state" },
  start: { title: "start the app", crashLeadsTo: "the app is started in the restored state and gated" },
  gate: { title: "check that the app is well", crashLeadsTo: "the app is gated again; if it is not well, everything is swapped back" },
  "swap-back": { title: "swap back", crashLeadsTo: "swapping back is finished, the app is started in its old state" },
  keep: { title: "keep the replaced state for undo", crashLeadsTo: "the kept state is recorded" },
} as const satisfies StepTable

export type RestoreSteps = typeof restoreSteps
