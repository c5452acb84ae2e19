/** The parts of `npm run test:full`: each is run, judged and written down for itself, so that a part can be run again alone. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"
import { evidenceSchema, type Evidence } from "../../test/fixture/evidence.ts"
import { mutationGroups } from "./mutation-groups.ts"

export const partNames = ["unit", "contract", "scenario", "crash", "update-crash", "mutation"] as const

export type PartName = (typeof partNames)[number]

const cell = z.union([z.string(), z.number()])
const suite = z.strictObject({
  file: z.string(),
  passed: z.number(),
  failed: z.number(),
  skipped: z.number(),
  durationMs: z.number(),
  /** Where it is not the part's: the file was run again alone. */
  commit: z.string().optional(),
})
const score = z.strictObject({ file: z.string(), mutants: z.number(), detected: z.number() })

/** What one part came to, with the machine and the commit that it came from. Mutation testing is judged and written down group by group. */
export const partSchema = z.strictObject({
  part: z.enum(partNames),
  group: z.string().optional(),
  machine: z.array(z.tuple([z.string(), cell])),
  durationMs: z.number(),
  /** What has to be put right before the part is well; empty when it is. */
  problems: z.array(z.string()),
  suites: z.array(suite),
  skippedTitles: z.array(z.string()),
  findings: z.array(evidenceSchema),
  scores: z.array(score),
})

export type Part = z.infer<typeof partSchema>

/** The parts that are meant: `--part crash,mutation`, or all. Throws for a name that is none. */
export function chosenParts(words: readonly string[]): readonly PartName[] {
  const at = words.indexOf("--part")
  if (at === -1) return partNames
  return (words[at + 1] ?? "").split(",").map((name) => {
    const part = partNames.find((one) => one === name)
    if (part === undefined) throw new Error(`--part ${name}: there is ${partNames.join(", ")}`)
    return part
  })
}

/** Files of a suite that alone are run again: `--part scenario --only service,update-story`; empty: all. */
export function chosenFiles(words: readonly string[]): readonly string[] {
  const at = words.indexOf("--only")
  return at === -1 ? [] : (words[at + 1] ?? "").split(",").filter((word) => word !== "")
}

/** What the part is when some of its files were run again: their rows, problems and findings in the place of the earlier ones. */
export function mergeParts(earlier: Part, again: Part): Part {
  const commit = String(Object.fromEntries(again.machine)["commit"] ?? "")
  const files = new Set(again.suites.map(({ file }) => file))
  const titles = new Set(again.findings.map(({ title }) => title))
  const isOfAnother = (line: string): boolean => !files.has(line.slice(0, line.indexOf(": ")))
  return {
    ...earlier,
    problems: [...earlier.problems.filter(isOfAnother), ...again.problems],
    suites: [...earlier.suites.filter(({ file }) => !files.has(file)), ...again.suites.map((row) => ({ ...row, commit }))].toSorted(byFile),
    skippedTitles: [...earlier.skippedTitles.filter(isOfAnother), ...again.skippedTitles],
    findings: [...earlier.findings.filter(({ title }) => !titles.has(title)), ...again.findings],
  }
}

/** A part of which nothing was run, so that one file alone does not look like the whole. */
export function notRunYet(part: PartName, machine: Part["machine"], files: readonly string[]): Part {
  const nothing = { suites: [], skippedTitles: [], findings: [], scores: [] }
  return { part, machine, durationMs: 0, problems: files.map((file) => `${file}: not run`), ...nothing }
}

/** With a word on every file that was never run, as when one was added or divided since; and none on files that are gone. */
export function withUnrun(part: Part, files: readonly string[]): Part {
  const fileOf = (line: string): string => line.slice(0, line.indexOf(": "))
  const ran = part.suites.filter(({ file }) => files.includes(file))
  const told = part.problems.filter((line) => files.includes(fileOf(line)) || !fileOf(line).endsWith(".test.ts"))
  const known = new Set([...ran.map(({ file }) => file), ...told.map(fileOf)])
  const unrun = files.filter((file) => !known.has(file)).map((file) => `${file}: not run`)
  return { ...part, suites: ran, problems: [...told, ...unrun] }
}

export function byFile(left: { readonly file: string }, right: { readonly file: string }): number {
  return left.file.localeCompare(right.file)
}

/** Null when the part was never written down. */
export function readSuitePart(root: string, part: PartName): Part | null {
  return readPart(pathOf(root, part, undefined))[0] ?? null
}

/** Beside the page, for the next time that it is written. */
export function writePart(root: string, part: Part): void {
  mkdirSync(folder(root), { recursive: true })
  writeFileSync(pathOf(root, part.part, part.group), `${JSON.stringify(part, null, 1)}\n`)
}

/** Parts that were ever written down, in the order in which they run. */
export function readParts(root: string): readonly Part[] {
  return partNames.flatMap((name) => groupsOf(name).flatMap((group) => readPart(pathOf(root, name, group))))
}

function groupsOf(part: PartName): readonly (string | undefined)[] {
  return part === "mutation" ? mutationGroups.map(({ name }) => name) : [undefined]
}

function readPart(path: string): readonly Part[] {
  return existsSync(path) ? [partSchema.parse(JSON.parse(readFileSync(path, "utf8")))] : []
}

function pathOf(root: string, part: PartName, group: string | undefined): string {
  return join(folder(root), `${[part, ...(group === undefined ? [] : [group])].join(".")}.json`)
}

/** What suites handed in during a run; see `recordEvidence`. */
export function readFindings(directory: string): Evidence[] {
  if (!existsSync(directory)) return []
  const files = readdirSync(directory).toSorted()
  return files.map((file) => evidenceSchema.parse(JSON.parse(readFileSync(join(directory, file), "utf8"))))
}

function folder(root: string): string {
  return join(root, "docs/manual/evidence")
}
