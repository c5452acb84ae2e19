import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { evidencePage } from "./evidence-page.ts"
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
    expect(counts.skippedTitles).toEqual(["a skipped test", "a todo test"])
  })

  it("counts a file that could not be loaded as a failure", () => {
    expect(summaryLine(readReport(reportOf([{ status: "failed", tests: [] }])))).toBe("0 passed, 1 failed, 0 skipped")
  })

  it("counts a run that left no report as a failure", () => {
    expect(summaryLine(readReport(join(directory, "absent.json")))).toBe("0 passed, 1 failed, 0 skipped")
  })
})

describe("the page of evidence", () => {
  it("shows counts by kind of suite and what the suites recorded", () => {
    const counts = readReport(reportOf([{ status: "passed", tests: ["passed", "passed"] }]), "/project")

    const page = evidencePage(
      "/project",
      [{ title: "Kill matrix", facts: { steps: 12 }, table: { columns: ["step"], rows: [["swap"]] } }],
      counts,
      61_000,
    )

    expect(page).toContain("| contract | 1 | 2 | 0 | 0 | 2.5 s |")
    expect(page).toContain("## Kill matrix\n\n- steps: 12\n\n| step |\n|---|\n| swap |")
    expect(page).toContain("| duration | 1 min 1 s |")
  })
})
