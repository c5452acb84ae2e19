/** Walks a kill matrix as this run wants it, and puts its table into the evidence. */
import { recordEvidence } from "../fixture/evidence.ts"
import { isFullRun } from "../fixture/size.ts"
import { walkCrashMatrix, type CrashMatrix, type CrashReport, type CrashWorld } from "./harness.ts"

export type Walked = Omit<CrashMatrix, "phases" | "killSettlingAt" | "only">

/** A crash during crash recovery, and one during that, and one more. The first two writes are the lease and the count of attempts: nothing is done yet. */
const KILL_SETTLING_AT = [3, 4, 5]

/**
 * The named steps once in the normal run (a matrix of its own walks those it shares with others): killed when its work is done and the
 * journal does not know it yet, the most that settling must find out for itself. The full run kills before and after every write, and then the settling as well, up to three times in a row.
 * @param differs which writes the full run meets; all when left out
 */
export async function walk(
  verb: string,
  matrix: Walked,
  inNormalRun: Steps,
  differs: NonNullable<CrashMatrix["only"]> = () => true,
): Promise<CrashReport> {
  if (!isFullRun) return await walkSteps(verb, matrix, { normal: inNormalRun })
  const once = await walkCrashMatrix({ ...showing(matrix), only: differs, phases: ["before", "after"] })
  record(verb, once)
  await walkSettling(verb, { ...matrix, writes: once.writes }, (step, first) => differs(`endStep ${step} done`, first))
  return once
}

export type Steps = readonly string[] | "all"

/** The end of each of these steps, the first time that it comes: its work is done and the journal does not know it yet. */
export async function walkSteps(
  verb: string,
  matrix: Walked,
  { normal, full = "all" }: { readonly normal: Steps; readonly full?: Steps },
): Promise<CrashReport> {
  const steps = isFullRun ? full : normal
  const wanted = (step: string, first: boolean): boolean => first && (steps === "all" || steps.includes(step))
  const report = await walkCrashMatrix({ ...showing(matrix), only: atEndOf(wanted), phases: ["before"] })
  record(verb, report)
  return report
}

/** As `walkSteps`, and the settling is killed as well. */
export async function walkSettling(verb: string, matrix: Walked, wanted: (step: string, first: boolean) => boolean): Promise<CrashReport> {
  const only = atEndOf(wanted)
  const report = await walkCrashMatrix({ ...showing(matrix), only, phases: ["before"], killSettlingAt: KILL_SETTLING_AT })
  record(`${verb}, settling killed three times`, report)
  return report
}

/** Names of the steps that these writes begin, in order, each once. */
export function stepsIn(writes: readonly string[]): readonly string[] {
  return [...new Set(writes.flatMap((label) => /^beginStep (\S+)$/.exec(label)?.[1] ?? []))]
}

/** Steps by troubles, in one table: how long it took to settle, in seconds; empty where this run did not walk it. */
export function recordCells(verb: string, reports: ReadonlyMap<string, CrashReport>): void {
  const [first] = reports.values()
  if (first === undefined) return
  const settled = (report: CrashReport, step: string): string => {
    const point = report.points.find(({ label }) => label.startsWith(`endStep ${step} `))
    return point === undefined ? "" : (point.settledInMs / 1000).toFixed(1)
  }
  const rows = stepsIn(first.writes).map((step) => [step, ...[...reports.values()].map((report) => settled(report, step))])
  const title = `Kill matrix: ${verb}, steps by troubles`
  recordEvidence(title.toLowerCase(), { title, table: { columns: ["at the end of", ...reports.keys()], rows } })
}

function atEndOf(wanted: (step: string, first: boolean) => boolean): NonNullable<CrashMatrix["only"]> {
  return (label, first) => {
    const step = /^endStep (\S+) /.exec(label)?.[1]
    return step !== undefined && wanted(step, first)
  }
}

function record(verb: string, report: CrashReport): void {
  const title = `Kill matrix: ${verb}`
  const rows = report.points.map((point) => [point.phase, point.write, point.label, (point.settledInMs / 1000).toFixed(1)])
  recordEvidence(title.toLowerCase(), {
    title,
    facts: summary(report),
    table: { columns: ["killed", "write", "what was being written", "settled in s"], rows },
  })
}

/** `HOLDFAST_TEST_SHOW=1` tells how far a matrix is, and where the seconds go. */
function showing<M extends Pick<CrashMatrix, "prepare" | "check">>(matrix: M): M {
  if (process.env["HOLDFAST_TEST_SHOW"] !== "1") return matrix
  let preparedIn = 0
  let begunAt = 0
  const prepare = async (): Promise<CrashWorld> => {
    const from = performance.now()
    const world = await matrix.prepare()
    begunAt = performance.now()
    preparedIn = begunAt - from
    return world
  }
  const check: CrashMatrix["check"] = async (world, killedAt) => {
    const from = performance.now()
    await matrix.check(world, killedAt)
    const where = killedAt === null ? "a whole run" : `${killedAt.phase} ${killedAt.write} ${killedAt.label}`
    const [prepared, ran, checked] = [preparedIn, from - begunAt, performance.now() - from].map((ms) => (ms / 1000).toFixed(1))
    process.stderr.write(`${new Date().toISOString()} ${where}: prepared ${prepared} s, ran and settled ${ran} s, checked ${checked} s\n`)
  }
  return { ...matrix, prepare, check }
}

function summary(report: CrashReport): Record<string, number | string> {
  const slowest = Math.max(...report.points.map((point) => point.settledInMs))
  return {
    "kill points": report.points.length,
    "writes of a whole run": report.writes.length,
    "slowest settling": `${(slowest / 1000).toFixed(1)} s`,
  }
}
