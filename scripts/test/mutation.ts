import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"
import { mutationGroups, type MutationGroup } from "./mutation-groups.ts"
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
 * Runs StrykerJS group by group, then holds every file to its threshold and every survivor to the list. Resolves with what is wrong, in words;
 * empty when all is well.
 * @param chosen the names of the groups that are meant; all when left out. What survives elsewhere is not asked then.
 */
export async function runMutation(root: string, chosen: readonly string[] | null): Promise<MutationRun> {
  const groups = mutationGroups.filter(({ name }) => chosen === null || chosen.includes(name))
  const files: MutatedFiles = {}
  const problems: string[] = []
  for (const group of groups) {
    const ended = await runGroup(root, group)
    if (ended !== 0) problems.push(`StrykerJS ended with exit code ${ended} for ${group.name}`)
    Object.assign(files, readReport(root))
  }
  const listed = listedSurvivors(readFileSync(join(root, "test/mutation-survivors.md"), "utf8"))
  const meant = chosen === null ? listed : new Set([...listed].filter((entry) => files[entry.slice(0, entry.indexOf(": "))] !== undefined))
  if (problems.length === 0) problems.push(...judgeMutation(files, meant))
  return { problems, scores: mutationScores(files) }
}

export interface MutationRun {
  readonly problems: readonly string[]
  readonly scores: readonly MutationScore[]
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
