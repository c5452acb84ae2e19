/** `npm test`: installs what is missing, starts shared services once, runs every suite and ends with one honest line. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative, resolve } from "node:path"
import { z } from "zod"
import { buildIfStale } from "./build-program.ts"
import { buildWebIfStale } from "./build-web.ts"
import { tryStartDocker } from "./test/docker.ts"
import { machine, writeEvidence } from "./test/evidence-page.ts"
import { chosenGroups } from "./test/mutation-groups.ts"
import {
  byFile,
  chosenFiles,
  chosenParts,
  mergeParts,
  notRunYet,
  readFindings,
  readSuitePart,
  withUnrun,
  writePart,
  type PartName,
} from "./test/full-run.ts"
import { judgeGroup } from "./test/mutation.ts"
import { readReport, summaryLine, type Counts } from "./test/report.ts"
import { runStep } from "./test/step.ts"

const root = resolve(import.meta.dirname, "..")
process.chdir(root)
const words = process.argv.slice(2).filter((argument) => argument !== "--full")
/** `npm run test:full [-- --part crash,mutation | --part scenario --only FILE]`: whole matrices and real sizes, part by part, into the page of evidence. */
const parts = process.argv.includes("--full") ? chosenParts(words) : null
const inCi = process.env["CI"] === "true"
const results = mkdtempSync(join(tmpdir(), "holdfast-results-"))

try {
  process.exitCode = await main()
} finally {
  rmSync(results, { recursive: true, force: true })
}

async function main(): Promise<number> {
  const installed = await runStep("install", [join(root, "scripts/install"), "--for", "tests"])
  if (installed !== 0) console.error("test: something is missing; suites that need it are skipped and counted")
  await buildWebIfStale()
  await buildIfStale()
  // Hundreds of short-lived programs of ours are started, each with a home of its own.
  process.env["NODE_COMPILE_CACHE"] ??= join(tmpdir(), "holdfast-test-compile-cache")
  const docker = await tryStartDocker()
  try {
    if (parts !== null) return await fullRun(parts)
    process.env["HOLDFAST_TEST_RESULTS"] = join(results, "evidence")
    // Everything else goes to vitest: `npm test -- src/retention`.
    const { counts, ended } = await runSuites(words)
    console.log(summaryLine(counts))
    const good = ended === 0 && counts.failed === 0 && counts.passed > 0
    return good && refuseSkipped(counts) ? 0 : 1
  } finally {
    await docker.stop()
  }
}

async function fullRun(chosen: readonly PartName[]): Promise<number> {
  process.env["HOLDFAST_TEST_FULL"] = "1"
  const problems: string[] = []
  for (const part of chosen) {
    // Written after each part: a run that is cut short leaves what it found.
    problems.push(...(await (part === "mutation" ? mutationPart() : suitePart(part))))
    writeEvidence(root)
  }
  for (const problem of problems) console.error(`test: ${problem}`)
  return problems.length === 0 ? 0 : 1
}

async function suitePart(part: Exclude<PartName, "mutation">): Promise<readonly string[]> {
  const startedAt = Date.now()
  const found = join(results, part)
  process.env["HOLDFAST_TEST_RESULTS"] = found
  const only = chosenFiles(words)
  const earlier = only.length === 0 ? null : (readSuitePart(root, part) ?? notRunYet(part, machine(), filesOf(part)))
  const { counts, ended } = await runSuites(["--project", part, ...only])
  console.log(`${part}: ${summaryLine(counts)}`)
  const failed = counts.suites.filter((suite) => suite.failed > 0).map((suite) => `${suite.file}: ${suite.failed} failed`)
  const problems = ended !== 0 && failed.length === 0 ? [`${part}: vitest ended with exit code ${ended}`] : failed
  const { suites, skippedTitles } = counts
  const run = {
    part,
    machine: machine(),
    durationMs: Date.now() - startedAt,
    problems,
    suites: suites.toSorted(byFile),
    skippedTitles: [...skippedTitles],
    findings: readFindings(found),
    scores: [],
  }
  writePart(root, earlier === null ? run : withUnrun(mergeParts(earlier, run), filesOf(part)))
  return problems
}

/** Its files in a full run, relative to the project. */
function filesOf(part: PartName): readonly string[] {
  const argv = [join(root, "node_modules/vitest/vitest.mjs"), "list", "--project", part, "--filesOnly", "--json"]
  const listed: unknown = JSON.parse(execFileSync(process.execPath, argv, { encoding: "utf8" }))
  return z
    .array(z.object({ file: z.string() }))
    .parse(listed)
    .map(({ file }) => relative(root, file))
}

async function mutationPart(): Promise<readonly string[]> {
  const problems: string[] = []
  for (const group of chosenGroups(words)) {
    const startedAt = Date.now()
    const found = await judgeGroup(root, group)
    problems.push(...found.problems)
    const about = { part: "mutation" as const, group: group.name, machine: machine(), durationMs: Date.now() - startedAt }
    writePart(root, { ...about, suites: [], skippedTitles: [], findings: [], problems: [...found.problems], scores: [...found.scores] })
    writeEvidence(root)
  }
  return problems
}

async function runSuites(more: readonly string[]): Promise<{ readonly counts: Counts; readonly ended: number }> {
  const report = join(results, "vitest.json")
  rmSync(report, { force: true })
  const vitest = join(root, "node_modules/vitest/vitest.mjs")
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`]
  const ended = await runStep("suites", [process.execPath, vitest, "run", ...reporters, ...more])
  return { counts: readReport(report), ended }
}

/** Exit code 0 only when vitest said so, something ran, nothing failed, and in CI nothing was skipped. */
function refuseSkipped(counts: Counts): boolean {
  if (!inCi || counts.skipped === 0) return true
  console.error(`test: ${counts.skipped} skipped, which CI does not accept: ${counts.skippedTitles.slice(0, 20).join("; ")}`)
  return false
}
