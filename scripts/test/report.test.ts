import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { evidencePage } from "./evidence-page.ts"
import { chosenGroups, mutationGroups } from "./mutation-groups.ts"
import { chosenParts, readParts, writePart, type Part } from "./full-run.ts"
import { readReport, summaryLine } from "./report.ts"

const directory = mkdtempSync(join(tmpdir(), "holdfast-report-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function reportOf(files: readonly { status: string; tests: readonly string[] }[]): string {
  const path = join(directory, "report.json")
  const testResults = files.map(({ status, tests }, index) => ({
    name: `/project/test/contract/${index}.test.ts`,
    status,
    startTime: 1000,
    endTime: 3500,
    assertionResults: tests.map((each) => ({ fullName: `a ${each} test`, status: each })),
  }))
  writeFileSync(path, JSON.stringify({ testResults }))
  return path
}

describe("the closing line of a test run", () => {
  it("counts passed, failed and skipped tests over all files", () => {
    const counts = readReport(
      reportOf([
        { status: "passed", tests: ["passed", "skipped", "todo"] },
        { status: "failed", tests: ["passed", "failed"] },
      ]),
    )

    expect(summaryLine(counts)).toBe("2 passed, 1 failed, 2 skipped")
    expect(counts.skippedTitles.map((title) => title.replace(/^.*: /, ""))).toEqual(["a skipped test", "a todo test"])
    expect(counts.skippedTitles[0]).toMatch(/^\S+\.test\.ts: /)
  })

  it("counts a file that could not be loaded as a failure", () => {
    expect(summaryLine(readReport(reportOf([{ status: "failed", tests: [] }])))).toBe("0 passed, 1 failed, 0 skipped")
  })

  it("counts a run that left no report as a failure", () => {
    expect(summaryLine(readReport(join(directory, "absent.json")))).toBe("0 passed, 1 failed, 0 skipped")
  })
})

describe("the page of evidence", () => {
  const part = (more: Partial<Part>): Part => ({
    part: "contract",
    machine: [
      ["date", "2026-04-19 12:00 UTC"],
      ["commit", "abc1234"],
      ["memory", "4 GiB"],
    ],
    durationMs: 61_000,
    problems: [],
    suites: [...readReport(reportOf([{ status: "passed", tests: ["passed", "passed"] }]), "/project").suites],
    skippedTitles: [],
    findings: [{ title: "Kill matrix", facts: { steps: 12 }, table: { columns: ["step"], rows: [["swap"]] } }],
    scores: [],
    ...more,
  })

  it("shows each part with its own date and commit, what suites recorded, and says which part was never run", () => {
    writePart(directory, part({}))
    writePart(
      directory,
      part({ part: "mutation", group: "gate", suites: [], findings: [], scores: [{ file: "a.ts", mutants: 10, detected: 9 }] }),
    )

    const page = evidencePage(readParts(directory))

    expect(page).toContain(
      "| contract: every tool against its port | 2026-04-19 12:00 UTC | abc1234 | 2 passed, 0 failed, 0 skipped | 1 min 1 s |",
    )
    expect(page).toContain("| crash: whole kill matrices | – | – | not run | – |")
    expect(page).toContain("9 of 10 mutants noticed (90.0 %)")
    expect(page).toContain("## Kill matrix\n\n- steps: 12\n\n| step |\n|---|\n| swap |")
  })

  it("shows what is to be put right, and what was skipped", () => {
    const page = evidencePage([part({ problems: ["a.test.ts: 1 failed"], skippedTitles: ["needs a moon"] })])

    expect(page).toContain("**1 to put right**")
    expect(page).toContain("- a.test.ts: 1 failed")
    expect(page).toContain("- needs a moon")
  })

  it("knows the groups of files that mutation testing changes, and that each has files and tests", () => {
    expect(chosenGroups([])).toEqual(mutationGroups)
    expect(chosenGroups(["--part", "mutation", "--group", "gate,proxy"]).map(({ name }) => name)).toEqual(["gate", "proxy"])
    expect(() => chosenGroups(["--group", "gait"])).toThrow("--group gait: there is retention, clock, facts,")
    const empty = mutationGroups.flatMap(({ files, tests }) => [...files, ...tests]).filter((pattern) => globSync(pattern).length === 0)
    expect(empty).toEqual([])
  })

  it("knows the names of its parts", () => {
    expect(chosenParts([])).toEqual(["unit", "contract", "scenario", "crash", "update-crash", "mutation"])
    expect(chosenParts(["--part", "crash,mutation"])).toEqual(["crash", "mutation"])
    expect(() => chosenParts(["--part", "crahs"])).toThrow("--part crahs: there is unit, contract, scenario, crash, update-crash, mutation")
  })
})
