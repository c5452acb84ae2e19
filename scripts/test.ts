/** `npm test`: installs what is missing, starts shared services once, runs every suite and ends with one honest line. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { buildWebIfStale } from "./build-web.ts"
import { tryStartDocker } from "./test/docker.ts"
import { writeEvidence } from "./test/evidence-page.ts"
import { runMutation } from "./test/mutation.ts"
import { readReport, summaryLine, type Counts } from "./test/report.ts"
import { runStep } from "./test/step.ts"

const root = resolve(import.meta.dirname, "..")
process.chdir(root)
const full = process.argv.includes("--full")
/** Everything else goes to vitest: `npm test -- src/retention`. */
const chosen = process.argv.slice(2).filter((argument) => argument !== "--full")
const inCi = process.env["CI"] === "true"
const startedAt = Date.now()
const results = mkdtempSync(join(tmpdir(), "holdfast-results-"))

try {
  process.exitCode = await main()
} finally {
  rmSync(results, { recursive: true, force: true })
}

async function main(): Promise<number> {
  if (full) process.env["HOLDFAST_TEST_FULL"] = "1"
  process.env["HOLDFAST_TEST_RESULTS"] = join(results, "evidence")
  const installed = await runStep("install", [join(root, "scripts/install"), "--for", "tests"])
  if (installed !== 0) console.error("test: something is missing; suites that need it are skipped and counted")
  await buildWebIfStale()
  const docker = await tryStartDocker()
  try {
    const report = join(results, "vitest.json")
    const vitest = join(root, "node_modules/vitest/vitest.mjs")
    const ended = await runStep("suites", [
      process.execPath,
      vitest,
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...chosen,
    ])
    const counts = readReport(report)
    const mutationEnded = full && chosen.length === 0 ? await runMutation(root) : 0
    if (full && chosen.length === 0) writeEvidence(root, results, counts, Date.now() - startedAt)
    return close(counts, ended, mutationEnded)
  } finally {
    await docker.stop()
  }
}

/** Exit code 0 only when vitest said so, something ran, nothing failed, and in CI nothing was skipped. */
function close(counts: Counts, ended: number, mutationEnded: number): number {
  if (inCi && counts.skipped > 0)
    console.error(`test: ${counts.skipped} skipped, which CI does not accept: ${counts.skippedTitles.slice(0, 20).join("; ")}`)
  if (mutationEnded !== 0) console.error("test: mutation testing stayed under its threshold")
  console.log(summaryLine(counts))
  const good = ended === 0 && mutationEnded === 0 && counts.failed === 0 && counts.passed > 0
  return good && !(inCi && counts.skipped > 0) ? 0 : 1
}
