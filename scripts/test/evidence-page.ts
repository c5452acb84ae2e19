/** Writes docs/manual/evidence.md from what the parts of full runs found; every figure comes from a run's own files. */
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { availableParallelism, cpus, release, totalmem } from "node:os"
import { join } from "node:path"
import { formatBytes, formatDuration } from "../../src/base/units.ts"
import type { Evidence } from "../../test/fixture/evidence.ts"
import { partNames, readParts, type Part, type PartName } from "./full-run.ts"
import { mutationGroups } from "./mutation-groups.ts"

type Cell = string | number

export function writeEvidence(root: string): void {
  writeFileSync(join(root, "docs/manual/evidence.md"), evidencePage(readParts(root)))
}

const SAYS: Readonly<Record<PartName, string>> = {
  unit: "unit: rules, schemas, properties",
  contract: "contract: every tool against its port",
  scenario: "scenario: stories on real data, with a gibibyte",
  crash: "crash: whole kill matrices",
  "update-crash": "update-crash: whole kill matrices of updates",
  mutation: "mutation testing",
}

/** The page's text. A part that was never run is said to be missing. */
export function evidencePage(parts: readonly Part[]): string {
  const rows = partNames.flatMap((name) => rowsOf(name, parts))
  return [
    "# Evidence\n\nWritten by `npm run test:full`, each part by the run that its row names; every figure below was counted or measured there.\n",
    section("Parts", table(["part", "date", "commit", "result", "duration"], rows)),
    section("Machine", machines(parts)),
    ...parts.filter(({ problems }) => problems.length > 0).map(problemSection),
    ...parts.flatMap(({ findings }) => findings.map((item) => section(item.title, body(item)))),
    section("Mutation testing", mutation(parts.flatMap(({ scores }) => scores))),
    ...parts.filter(({ skippedTitles }) => skippedTitles.length > 0).map(skippedSection),
    section(
      "Files",
      table(
        ["file", "passed", "failed", "skipped", "duration", "commit"],
        parts.flatMap((part) => part.suites.map((suite) => suiteRow(suite, commitOf(part)))),
      ),
    ),
  ].join("\n")
}

function rowsOf(name: PartName, parts: readonly Part[]): readonly (readonly Cell[])[] {
  if (name !== "mutation")
    return [
      partRow(
        SAYS[name],
        parts.find(({ part }) => part === name),
      ),
    ]
  return mutationGroups.map((group) =>
    partRow(
      `${SAYS[name]}: ${group.name}`,
      parts.find((part) => part.group === group.name),
    ),
  )
}

function partRow(says: string, part: Part | undefined): readonly Cell[] {
  if (part === undefined) return [says, "–", "–", "not run", "–"]
  const told = Object.fromEntries(part.machine)
  const alone = part.suites.filter(({ commit }) => commit !== undefined)
  // Never run whole: then the part has no time of its own.
  if (alone.length > 0 && alone.length === part.suites.length)
    return [says, told["date"] ?? "?", "file by file, see below", resultOf(part), formatDuration(total(alone, "durationMs"))]
  const others = alone.length === 0 ? "" : ` (${alone.length} ${alone.length === 1 ? "file" : "files"} run again later, see below)`
  return [says, told["date"] ?? "?", `${commitOf(part)}${others}`, resultOf(part), formatDuration(part.durationMs)]
}

function resultOf({ part, suites, scores, problems }: Part): string {
  const ending = problems.length === 0 ? "" : `; **${problems.length} to put right**`
  if (part === "mutation") {
    const [mutants, detected] = [total(scores, "mutants"), total(scores, "detected")]
    return `${detected} of ${mutants} mutants noticed (${percent(detected, mutants)})${ending}`
  }
  return `${total(suites, "passed")} passed, ${total(suites, "failed")} failed, ${total(suites, "skipped")} skipped${ending}`
}

function total<Key extends string>(rows: readonly Readonly<Record<Key, number>>[], key: Key): number {
  return rows.reduce((sum, row) => sum + row[key], 0)
}

/** What is the same for all parts once, else by part. */
function machines(parts: readonly Part[]): string {
  const names = [...new Set(parts.flatMap(({ machine: told }) => told.map(([name]) => name)))].filter(
    (name) => name !== "date" && name !== "commit",
  )
  const values = (name: string): string =>
    [...new Set(parts.flatMap(({ machine: told }) => told.filter(([key]) => key === name).map(([, value]) => value)))].join("; ")
  return table(
    ["", ""],
    names.map((name) => [name, values(name)]),
  )
}

function problemSection({ part, group, problems }: Part): string {
  return section(`To put right: ${group ?? part}`, problems.map((problem) => `- ${problem}`).join("\n"))
}

function skippedSection({ part, skippedTitles }: Part): string {
  return section(`Skipped: ${part}`, skippedTitles.map((title) => `- ${title}`).join("\n"))
}

/** The facts of this machine that a figure depends on. */
export function machine(): [string, Cell][] {
  return [
    ["date", new Date().toISOString().slice(0, 16).replace("T", " ") + " UTC"],
    ["commit", firstLine("git", ["rev-parse", "--short", "HEAD"])],
    ["processor", `${availableParallelism()} × ${cpus()[0]?.model ?? "unknown"}`],
    ["memory", formatBytes(totalmem())],
    ["kernel", release()],
    ["Node", process.version],
    ["restic", firstLine("restic", ["version"])],
    ["PostgreSQL clients", firstLine("pg_dump", ["--version"])],
    ["Docker", firstLine("docker", ["--version"])],
  ]
}

/** A Markdown table. */
export function table(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]): string => `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`
  return [line(columns), `|${columns.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n")
}

function section(title: string, text: string): string {
  return `## ${title}\n\n${text}\n`
}

function body({ facts, table: rows }: Evidence): string {
  const lines = Object.entries(facts ?? {}).map(([name, value]) => `- ${name}: ${value}`)
  return [lines.join("\n"), rows === undefined ? "" : table(rows.columns, rows.rows)].filter((part) => part !== "").join("\n\n")
}

function suiteRow({ file, passed, failed, skipped, durationMs, commit }: Part["suites"][number], ofPart: Cell): Cell[] {
  return [file, passed, failed, skipped, formatDuration(durationMs), commit ?? ofPart]
}

function commitOf(part: Part): Cell {
  return Object.fromEntries(part.machine)["commit"] ?? "?"
}

function mutation(scores: Part["scores"]): string {
  return table(
    ["file", "mutants", "detected", "score"],
    scores.map(({ file, mutants, detected }) => [file, mutants, detected, percent(detected, mutants)]),
  )
}

function percent(detected: number, mutants: number): string {
  return mutants === 0 ? "–" : `${((100 * detected) / mutants).toFixed(1)} %`
}

function firstLine(program: string, argv: readonly string[]): string {
  try {
    return execFileSync(program, argv, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).split("\n")[0] ?? ""
  } catch {
    return "not there"
  }
}
