import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"
import { runStep } from "./step.ts"

const reportSchema = z.object({
  files: z.record(z.string(), z.object({ mutants: z.array(z.object({ status: z.string() })) })),
})

export interface MutationScore {
  readonly file: string
  readonly mutants: number
  readonly detected: number
}

/** Runs StrykerJS as `stryker.config.json` says; resolves with its exit code. */
export function runMutation(root: string): Promise<number> {
  return runStep("mutation", [join(root, "node_modules/.bin/stryker"), "run"])
}

/** Per file, how many mutants were noticed by a test (killed or timed out) of those that could be. */
export function mutationScores(root: string): readonly MutationScore[] {
  const path = join(root, "reports/mutation/mutation.json")
  if (!existsSync(path)) return []
  const { files } = reportSchema.parse(JSON.parse(readFileSync(path, "utf8")))
  return Object.entries(files).map(([file, { mutants }]) => {
    const judged = mutants.filter(({ status }) => ["Killed", "Timeout", "Survived", "NoCoverage"].includes(status))
    return { file, mutants: judged.length, detected: judged.filter(({ status }) => status === "Killed" || status === "Timeout").length }
  })
}
