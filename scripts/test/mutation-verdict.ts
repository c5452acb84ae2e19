/** Whether mutation testing went well: each file on its own, and no mutant survives that a person has not looked at. */

interface Position {
  readonly line: number
  readonly column: number
}

export interface Mutant {
  readonly status: string
  readonly replacement: string
  readonly location: { readonly start: Position; readonly end: Position }
}

export type MutatedFiles = Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>

/** At least this share of a file's mutants is noticed by its tests. */
const FLOOR = 0.9
const ENTRY = /^- `` (.*?) `` → `` (.*?) ``: \S/
const LEFT = new Set(["Survived", "NoCoverage"])
const NOTICED = new Set(["Killed", "Timeout"])

/** Survivors as the list names them, each with a reason behind the colon: `file: original → replacement`. */
export function listedSurvivors(text: string): ReadonlySet<string> {
  const listed = new Set<string>()
  let file = ""
  for (const line of text.split("\n")) {
    if (line.startsWith("## ")) file = line.slice(3).trim()
    const [, original, replacement] = ENTRY.exec(line) ?? []
    if (original !== undefined && replacement !== undefined) listed.add(`${file}: ${original} → ${replacement}`)
  }
  return listed
}

/** What is wrong, in words; empty when all is well. */
export function judgeMutation(files: MutatedFiles, listed: ReadonlySet<string>): readonly string[] {
  if (Object.keys(files).length === 0) return ["there is no report"]
  const left = survivors(files)
  const known = new Set(left)
  return [
    ...Object.entries(files).flatMap(([file, { mutants }]) => weakness(file, mutants)),
    ...left.filter((survivor) => !listed.has(survivor)).map((survivor) => `nobody has looked at this survivor: ${survivor}`),
    ...[...listed].filter((survivor) => !known.has(survivor)).map((survivor) => `listed, but it does not survive any more: ${survivor}`),
  ]
}

/** Every mutant that no test notices, as the list would name it. */
export function survivors(files: MutatedFiles): readonly string[] {
  return Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants
      .filter(({ status }) => LEFT.has(status))
      .map(({ location, replacement }) => `${file}: ${oneLine(textAt(source, location))} → ${oneLine(replacement)}`),
  )
}

function weakness(file: string, mutants: readonly Mutant[]): readonly string[] {
  const noticed = mutants.filter(({ status }) => NOTICED.has(status)).length
  const judged = noticed + mutants.filter(({ status }) => LEFT.has(status)).length
  return noticed >= judged * FLOOR ? [] : [`${file}: ${noticed} of ${judged} mutants were noticed, ${FLOOR * 100} % are wanted`]
}

/** Lines and columns count from 1. */
function textAt(source: string, { start, end }: Mutant["location"]): string {
  const lines = source.split("\n").slice(start.line - 1, end.line)
  const last = lines.length - 1
  return lines.map((line, at) => line.slice(at === 0 ? start.column - 1 : 0, at === last ? end.column - 1 : line.length)).join("\n")
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim()
}
