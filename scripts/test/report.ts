/** Reads what vitest wrote about a run. */
import { existsSync, readFileSync } from "node:fs"
import { relative } from "node:path"
import { z } from "zod"

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      startTime: z.number(),
      endTime: z.number(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
})

export interface SuiteCounts {
  readonly file: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly durationMs: number
}

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly skippedTitles: readonly string[]
  readonly suites: readonly SuiteCounts[]
}

/** Counts of a run; a run without a report counts as one failure. A file that could not even be loaded is a failure of its own. */
export function readReport(path: string, root: string = process.cwd()): Counts {
  if (!existsSync(path)) return { passed: 0, failed: 1, skipped: 0, skippedTitles: [], suites: [] }
  const { testResults } = reportSchema.parse(JSON.parse(readFileSync(path, "utf8")))
  const suites = testResults.map((file): SuiteCounts => {
    const statuses = file.assertionResults.map(({ status }) => status)
    const failed = statuses.filter((status) => status === "failed").length
    return {
      file: relative(root, file.name),
      passed: statuses.filter((status) => status === "passed").length,
      failed: failed === 0 && file.status === "failed" ? 1 : failed,
      skipped: statuses.filter((status) => status !== "passed" && status !== "failed").length,
      durationMs: Math.max(0, file.endTime - file.startTime),
    }
  })
  const skippedTitles = testResults.flatMap((file) =>
    file.assertionResults
      .filter(({ status }) => status !== "passed" && status !== "failed")
      .map(({ fullName }) => `${relative(root, file.name)}: ${fullName}`),
  )
  return { passed: sum(suites, "passed"), failed: sum(suites, "failed"), skipped: sum(suites, "skipped"), skippedTitles, suites }
}

/** `12 passed, 0 failed, 1 skipped`. */
export function summaryLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

function sum(suites: readonly SuiteCounts[], key: "passed" | "failed" | "skipped"): number {
  return suites.reduce((total, suite) => total + suite[key], 0)
}
