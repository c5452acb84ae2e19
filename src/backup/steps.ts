import type { StepTable } from "../operation/journal.ts"

/** The steps of a capture, in order, with what a crash there leads to. The kill test walks this table. */
export const captureSteps = {
  "hooks-before": { title: "run hooks before the capture", crashLeadsTo: "hooks after the capture are run, no point" },
  "stop-app": { title: "stop the app", crashLeadsTo: "the app is started again, no point" },
  "capture-database": { title: "capture a database", crashLeadsTo: "its sessions are ended, the unsealed part is swept, no point" },
  "capture-files": { title: "capture a file tree", crashLeadsTo: "the unsealed part is swept, no point" },
  "capture-paths": { title: "capture secrets and configuration", crashLeadsTo: "copies in the scratch directory are removed, no point" },
  "capture-image": { title: "save an image", crashLeadsTo: "a stored image stays and is used by the next point" },
  "start-app": { title: "start the app again", crashLeadsTo: "the app is started again, no point" },
  "hooks-after": { title: "run hooks after the capture", crashLeadsTo: "they are run again, no point" },
  seal: { title: "seal the point", crashLeadsTo: "the point is listed if its manifest is stored, else absent" },
} as const satisfies StepTable

export type CaptureSteps = typeof captureSteps
