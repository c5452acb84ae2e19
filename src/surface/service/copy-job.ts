import type { CopyReport } from "../../copy/copy.ts"
import { HoldfastError } from "../../base/errors.ts"
import { counted } from "../../base/units.ts"
import { declaredApp } from "../house/subject.ts"
import { attempt, operate, type JobEnd, type JobRun } from "./job.ts"

/** Makes every copy of the app that the schedules ask for and that is not there yet. */
export async function copiesJob(run: JobRun): Promise<JobEnd> {
  const { declared } = await declaredApp(run.house, run.due.app)
  const wanted = Object.values(declared.schedules).flatMap(({ enabled, vault, copies }) =>
    enabled ? copies.map((to) => ({ from: vault, to })) : [],
  )
  const pairs = [...new Map(wanted.map((pair) => [`${pair.from} ${pair.to}`, pair])).values()]
  const problems: string[] = []
  for (const { from, to } of pairs) problems.push(...(await attempt(run, `copy to ${to}`, async () => await copyMissing(run, from, to))))
  if (problems.length === 0) return { outcome: "succeeded", reason: null }
  return { outcome: problems.length === pairs.length ? "failed" : "partial", reason: problems.join("; ") }
}

/** Copies what the second vault lacks of the app. Throws what stood in the way, also when only some points could be copied. */
export async function copyMissing(run: JobRun, from: string, to: string): Promise<void> {
  const end = await operate(run, async (own) => {
    const [{ openCopy }, { hasWork }] = await Promise.all([import("../house/copy-points.ts"), import("../../copy/copy.ts")])
    const subject = await openCopy(own, { app: run.due.app, from, to, points: [] })
    return hasWork(subject.plan) ? await subject.apply() : null
  })
  const report = isReport(end.result) ? end.result : null
  if (report?.outcome !== "partial") return
  throw new HoldfastError("VAULT_WRITE_FAILED", {
    what: `${counted(report.failed.length, "point is", "points are")} not copied yet`,
    why: [...report.failed.map(({ message }) => message), ...report.problems].join("; "),
  })
}

function isReport(result: unknown): result is CopyReport {
  return typeof result === "object" && result !== null && "copied" in result && "failed" in result
}
