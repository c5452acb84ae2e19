import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"
import type { MutationGroup } from "./mutation-groups.ts"
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

export interface JudgedGroup {
  readonly problems: readonly string[]
  readonly scores: readonly MutationScore[]
}

/** Runs StrykerJS on one group, then holds every file to its threshold and every survivor to the list. `problems`: what is wrong, in words. */
export async function judgeGroup(root: string, group: MutationGroup): Promise<JudgedGroup> {
  const ended = await runGroup(root, group)
  if (ended !== 0) return { problems: [`StrykerJS ended with exit code ${ended} for ${group.name}`], scores: [] }
  const files = readReport(root)
  const listed = listedSurvivors(readFileSync(join(root, "test/mutation-survivors.md"), "utf8"))
  const ofGroup = new Set([...listed].filter((entry) => files[entry.slice(0, entry.indexOf(": "))] !== undefined))
  return { problems: judgeMutation(files, ofGroup), scores: mutationScores(files) }
}

async function runGroup(root: string, group: MutationGroup): Promise<number> {
  rmSync(reportOf(root), { force: true })
  process.env["HOLDFAST_MUTATION_GROUP"] = group.name
  const mutate = [...group.files, "!src/**/*.test.ts"].join(",")
  return await runStep(`mutation of ${group.name}`, [join(root, "node_modules/.bin/stryker"), "run", "--mutate", mutate])
}

/** Per file, how many mutants were noticed by a test (killed or timed out) of those that could be. */
function mutationScores(files: MutatedFiles): readonly MutationScore[] {
  return Object.entries(files).map(([file, { mutants }]) => {
    const judged = mutants.filter(({ status }) => ["Killed", "Timeout", "Survived", "NoCoverage"].includes(status))
    return { file, mutants: judged.length, detected: judged.filter(({ status }) => status === "Killed" || status === "Timeout").length }
  })
}

function reportOf(root: string): string {
  return join(root, "reports/mutation/mutation.json")
}

function readReport(root: string): MutatedFiles {
  const path = reportOf(root)
  return existsSync(path) ? reportSchema.parse(JSON.parse(readFileSync(path, "utf8"))).files : {}
}
