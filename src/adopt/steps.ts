import { captureSteps } from "../backup/steps.ts"
import type { StepTable } from "../operation/journal.ts"

/**
 * The steps of an adoption. Until `recreate` the app runs as it always did, so a crash is undone; from there it is finished, and undone
 * only if the app is not well.
 */
export const adoptSteps = {
  ...captureSteps,
  prepare: { title: "name what is changed", crashLeadsTo: "nothing was changed" },
  "read-point": { title: "read the point back", crashLeadsTo: "nothing was changed, the point stays" },
  "hold-point": { title: "hold the point", crashLeadsTo: "nothing was changed, the point stays and may be held" },
  pull: { title: "pull the images", crashLeadsTo: "nothing was changed, images that were pulled stay" },
  "keep-image": { title: "keep the image that runs", crashLeadsTo: "nothing was changed, its second name is taken from it again" },
  "stage-files": { title: "write the edited files beside", crashLeadsTo: "they are removed" },
  validate: { title: "let Compose read the edited files", crashLeadsTo: "the edited files are removed" },
  "write-secrets": { title: "make what is missing of the secrets", crashLeadsTo: "what was made is removed, modes are put back" },
  "swap-files": { title: "put the edited files in place", crashLeadsTo: "the files of before are put back" },
  "start-updater": { title: "start the updater", crashLeadsTo: "its containers are removed, files and secrets are as before" },
  "stop-writers": { title: "stop the app", crashLeadsTo: "everything is as before, the app is started again" },
  recreate: {
    title: "start the app on its pinned image",
    crashLeadsTo: "it is started and checked; if it is not well, everything goes back",
  },
  gate: { title: "check that the app is well", crashLeadsTo: "it is checked again; if it is not well, everything goes back" },
  verify: { title: "check that app and updater know each other", crashLeadsTo: "it is checked again; if not, everything goes back" },
  "put-back": { title: "put everything back", crashLeadsTo: "putting back is finished, the app runs as before" },
  keep: { title: "keep what is needed to undo it", crashLeadsTo: "the adoption is done" },
} as const satisfies StepTable

export type AdoptSteps = typeof adoptSteps

/** The steps of taking an adoption back. Until `turn-back` nothing was changed; from there it is finished. */
export const adoptUndoSteps = {
  ...captureSteps,
  prepare: { title: "name what is put back", crashLeadsTo: "nothing was changed" },
  "load-image": { title: "load the image of before", crashLeadsTo: "nothing was changed, the image stays" },
  "stage-database": { title: "restore the database of before beside the live one", crashLeadsTo: "what was staged is dropped" },
  "stop-writers": { title: "stop the app", crashLeadsTo: "the app is started again, nothing was changed" },
  "turn-back": {
    title: "put files, secrets, database and services back",
    crashLeadsTo: "it is finished, the app runs as before the adoption",
  },
  start: { title: "start the app as it was", crashLeadsTo: "it is started" },
  gate: { title: "check that the app is well", crashLeadsTo: "it is started; the next command tells whether it is well" },
  keep: { title: "note that it was undone", crashLeadsTo: "it was undone" },
} as const satisfies StepTable

export type AdoptUndoSteps = typeof adoptUndoSteps
