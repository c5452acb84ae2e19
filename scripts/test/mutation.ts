import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"
import { judgeMutation, listedSurvivors, type MutatedFiles } from "./mutation-verdict.ts"
import { runStep } from "./step.ts"

const position = z.object({ line: z.number(), column: z.number() })
const mutant = z.object({
  status: z.string(),
  replacement: z.string().default(""),
  location: z.object({ start: position, end: position }),
})
const reportSchema = z.object({ files: z.record(z.string(), z.object({ source: z.string(), mutants: z.array(mutant) })) })

export interface MutationScore {
  readonly file: string
  readonly mutants: number
  readonly detected: number
}

/**
 * Runs StrykerJS as `stryker.config.json` says, then holds every file to its threshold and every survivor to the list. Resolves with what is
 * wrong, in words; empty when all is well.
 */
export async function runMutation(root: string): Promise<readonly string[]> {
  const ended = await runStep("mutation", [join(root, "node_modules/.bin/stryker"), "run"])
  if (ended !== 0) return [`StrykerJS ended with exit code ${ended}`]
  return judgeMutation(readReport(root), listedSurvivors(readFileSync(join(root, "test/mutation-survivors.md"), "utf8")))
}

/** Per file, how many mutants were noticed by a test (killed or timed out) of those that could be. */
export function mutationScores(root: string): readonly MutationScore[] {
  return Object.entries(readReport(root)).map(([file, { mutants }]) => {
    const judged = mutants.filter(({ status }) => ["Killed", "Timeout", "Survived", "NoCoverage"].includes(status))
    return { file, mutants: judged.length, detected: judged.filter(({ status }) => status === "Killed" || status === "Timeout").length }
  })
}

function readReport(root: string): MutatedFiles {
  const path = join(root, "reports/mutation/mutation.json")
  return existsSync(path) ? reportSchema.parse(JSON.parse(readFileSync(path, "utf8"))).files : {}
}
