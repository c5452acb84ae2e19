import { captureSteps } from "../../backup/steps.ts"
import type { StepTable } from "../../operation/journal.ts"

/** A rehearsal changes nothing live; a crash leaves throwaway containers and directories, and parts of a point, which settling removes. */
export const rehearsalSteps = {
  ...captureSteps,
  "pull-images": { title: "pull the new images", crashLeadsTo: "images that are complete stay; nothing uses them" },
  "fetch-files": { title: "restore files into a sandbox directory", crashLeadsTo: "the directory is removed" },
  "rehearse-update": {
    title: "rehearse the update on a copy of the data",
    crashLeadsTo: "the copy's containers, networks and volumes are removed; the release counts as not rehearsed",
  },
  "record-proof": { title: "record that the point restores", crashLeadsTo: "the proof is there if its ledger entry was stored" },
} as const satisfies StepTable

export type RehearsalSteps = typeof rehearsalSteps
