/** Walks a kill matrix as this run wants it, and puts its table into the evidence. */
import { recordEvidence } from "../fixture/evidence.ts"
import { isFullRun } from "../fixture/size.ts"
import { walkCrashMatrix, type CrashMatrix, type CrashReport } from "./harness.ts"

/**
 * The named steps once in the normal run (a matrix of its own walks those it shares with others): killed when its work is done and the
 * journal does not know it yet, the most that settling must find out for itself. The full run kills before and after every write, and then the settling as well, up to three times in a row.
 */
export async function walk(
  verb: string,
  matrix: Omit<CrashMatrix, "phases" | "killSettlingAt">,
  inNormalRun: readonly string[],
): Promise<CrashReport> {
  const shown = { ...matrix, check: showing(matrix.check) }
  const once = isFullRun
    ? await walkCrashMatrix({ ...shown, phases: ["before", "after"] })
    : await walkCrashMatrix({ ...shown, only: chosen(inNormalRun), phases: ["before"] })
  const again = isFullRun ? await walkCrashMatrix({ ...shown, only: isStepEnd, phases: ["before"], killSettlingAt: [2, 3, 4] }) : null
  for (const [name, report] of [
    ["", once],
    [", settling killed three times", again],
  ] as const) {
    if (report === null) continue
    const title = `Kill matrix: ${verb}${name}`
    const rows = report.points.map((point) => [point.phase, point.write, point.label, (point.settledInMs / 1000).toFixed(1)])
    recordEvidence(title.toLowerCase(), {
      title,
      facts: summary(report),
      table: { columns: ["killed", "write", "what was being written", "settled in s"], rows },
    })
  }
  return once
}

/** `HOLDFAST_TEST_SHOW=1` tells how far a matrix is: the full ones take their time. */
function showing(check: CrashMatrix["check"]): CrashMatrix["check"] {
  if (process.env["HOLDFAST_TEST_SHOW"] !== "1") return check
  return async (world, killedAt) => {
    process.stderr.write(
      `${new Date().toISOString()} checking after ${killedAt === null ? "a whole run" : `${killedAt.phase} ${killedAt.label}`}\n`,
    )
    await check(world, killedAt)
  }
}

function chosen(steps: readonly string[]): NonNullable<CrashMatrix["only"]> {
  return (label, first) => first && steps.includes(/^endStep (\S+) done$/.exec(label)?.[1] ?? "")
}

const isStepEnd = (label: string): boolean => label.startsWith("endStep")

function summary(report: CrashReport): Record<string, number | string> {
  const slowest = Math.max(...report.points.map((point) => point.settledInMs))
  return {
    "kill points": report.points.length,
    "writes of a whole run": report.writes.length,
    "slowest settling": `${(slowest / 1000).toFixed(1)} s`,
  }
}
