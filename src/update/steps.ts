import { captureSteps } from "../backup/steps.ts"
import type { StepTable } from "../operation/journal.ts"

const back = "rolling back is finished: files, images, databases and trees are those of before, the old version is started and gated"

/** The steps of going back to the old version, of an update that failed as of a rollback that was asked for. */
export const goBackSteps = {
  "roll-back": { title: "go back to the version before", crashLeadsTo: back },
  "put-back-files": { title: "put back compose file, .env, checkout and image names", crashLeadsTo: back },
  "swap-back": { title: "swap a database back", crashLeadsTo: back },
  "put-back-tree": { title: "put back the files that were changed", crashLeadsTo: back },
  "start-old": { title: "start the version before", crashLeadsTo: back },
  "gate-old": { title: "check that the version before is well", crashLeadsTo: back },
  "keep-failed": { title: "keep what was set aside", crashLeadsTo: back },
} as const satisfies StepTable

const asBefore = "the app runs as before, copies and staged files are removed"

/** The steps of an update in place, in order, with what a crash there leads to. The kill test walks this table. */
export const updateSteps = {
  ...captureSteps,
  guard: { title: "look again whether it may be done", crashLeadsTo: "nothing was changed" },
  pull: { title: "pull or build the images of the new version", crashLeadsTo: "nothing was changed; what was pulled or built stays" },
  rehearse: { title: "rehearse it on a copy", crashLeadsTo: "the copy is removed, nothing was changed" },
  prepare: { title: "note what is replaced and stage the edited files", crashLeadsTo: asBefore },
  "note-trees": { title: "note the state of the file trees", crashLeadsTo: asBefore },
  "stop-writers": { title: "stop what writes", crashLeadsTo: asBefore },
  "clone-database": { title: "copy a database beside itself", crashLeadsTo: asBefore },
  "survey-trees": { title: "note the state of the file trees at standstill", crashLeadsTo: asBefore },
  pin: {
    title: "put the edited files, or the checkout, in place",
    crashLeadsTo: "the files of before are put back, the old version is started",
  },
  "start-databases": { title: "start the new database services", crashLeadsTo: back },
  migrate: { title: "run the migrations", crashLeadsTo: back },
  start: { title: "start the new version", crashLeadsTo: "it is started and gated; if it is not well, everything goes back" },
  gate: { title: "check that the new version is well", crashLeadsTo: "it is gated again; if it is not well, everything goes back" },
  keep: { title: "keep the state before for a rollback", crashLeadsTo: "the kept state is recorded" },
  "seal-safety": { title: "seal the safety point", crashLeadsTo: "the new version runs; the copy of the databases stays kept" },
  ...goBackSteps,
} as const satisfies StepTable

export type UpdateSteps = typeof updateSteps

export const rollBackSteps = {
  ...captureSteps,
  prepare: { title: "note what is put back", crashLeadsTo: "nothing was changed" },
  ...goBackSteps,
} as const satisfies StepTable

export type RollBackSteps = typeof rollBackSteps
