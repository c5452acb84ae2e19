/** Writes docs/manual/evidence.md from what a full run found; every figure comes from the run's own files. */
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { availableParallelism, cpus, release, totalmem } from "node:os"
import { join } from "node:path"
import { formatBytes, formatDuration } from "../../src/base/units.ts"
import { evidenceSchema, type Evidence } from "../../test/fixture/evidence.ts"
import { mutationScores } from "./mutation.ts"
import { summaryLine, type Counts, type SuiteCounts } from "./report.ts"

type Cell = string | number

export function writeEvidence(root: string, results: string, counts: Counts, durationMs: number): void {
  writeFileSync(join(root, "docs/manual/evidence.md"), evidencePage(root, recorded(join(results, "evidence")), counts, durationMs))
}

/** The page's text. Commit and dates are those of the machine it runs on. */
export function evidencePage(root: string, evidence: readonly Evidence[], counts: Counts, durationMs: number): string {
  return [
    "# Evidence\n\nWritten by `npm run test:full`; every figure below was counted or measured in that run.\n",
    section("The run", table(["", ""], [...machine(), ["result", summaryLine(counts)], ["duration", formatDuration(durationMs)]])),
    section("Suites", table(["kind", "files", "passed", "failed", "skipped", "duration"], kinds(counts.suites))),
    counts.skippedTitles.length === 0 ? "" : section("Skipped", counts.skippedTitles.map((title) => `- ${title}`).join("\n")),
    ...evidence.map((item) => section(item.title, body(item))),
    section("Mutation testing", mutation(root)),
    section(
      "Files",
      table(
        ["file", "passed", "failed", "skipped", "duration"],
        counts.suites.toSorted((a, b) => a.file.localeCompare(b.file)).map(suiteRow),
      ),
    ),
  ]
    .filter((part) => part !== "")
    .join("\n")
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

function recorded(directory: string): Evidence[] {
  if (!existsSync(directory)) return []
  const files = readdirSync(directory).toSorted()
  return files.map((file) => evidenceSchema.parse(JSON.parse(readFileSync(join(directory, file), "utf8"))))
}

function body({ facts, table: rows }: Evidence): string {
  const lines = Object.entries(facts ?? {}).map(([name, value]) => `- ${name}: ${value}`)
  return [lines.join("\n"), rows === undefined ? "" : table(rows.columns, rows.rows)].filter((part) => part !== "").join("\n\n")
}

function kinds(suites: readonly SuiteCounts[]): Cell[][] {
  const kindOf = ({ file }: SuiteCounts): string => /^test\/(\w+)/.exec(file)?.[1] ?? "unit"
  const groups = Map.groupBy(suites, kindOf)
  return [...groups].map(([kind, group]) => [
    kind,
    group.length,
    ...(["passed", "failed", "skipped"] as const).map((key) => group.reduce((total, suite) => total + suite[key], 0)),
    formatDuration(group.reduce((total, suite) => total + suite.durationMs, 0)),
  ])
}

function suiteRow({ file, passed, failed, skipped, durationMs }: SuiteCounts): Cell[] {
  return [file, passed, failed, skipped, formatDuration(durationMs)]
}

function mutation(root: string): string {
  const scores = mutationScores(root)
  if (scores.length === 0) return "Not run."
  const percent = (detected: number, mutants: number): string => (mutants === 0 ? "–" : `${((100 * detected) / mutants).toFixed(1)} %`)
  return table(
    ["file", "mutants", "detected", "score"],
    scores.map(({ file, mutants, detected }) => [file, mutants, detected, percent(detected, mutants)]),
  )
}

function firstLine(program: string, argv: readonly string[]): string {
  try {
    return execFileSync(program, argv, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).split("\n")[0] ?? ""
  } catch {
    return "not there"
  }
}
