import type { StepTable } from "../operation/journal.ts"

/** A drill changes nothing live; a crash leaves throwaway containers and directories, which settling removes. */
export const drillSteps = {
  "fetch-files": { title: "restore files into a sandbox directory", crashLeadsTo: "the directory is removed, no proof" },
  "restore-database": { title: "restore a database into a sandbox", crashLeadsTo: "the sandbox is removed, no proof" },
  "boot-app": {
    title: "start the whole app in an isolated sandbox",
    crashLeadsTo: "its containers, networks and volumes are removed, no proof",
  },
  "record-proof": { title: "record the proof", crashLeadsTo: "the proof is there if its ledger entry was stored" },
} as const satisfies StepTable

export type DrillSteps = typeof drillSteps
