import type { PointSummary, ProofRecord } from "../../operation/ports.ts"
import { nextReads } from "../../verify/rolling-read.ts"
import type { House } from "../house/house.ts"
import { knowPoints } from "../house/known-points.ts"
import { declaredApp, openSubject, pointOf } from "../house/subject.ts"
import { attempt, operate, type JobEnd, type JobRun } from "./job.ts"

/** Reads points back: the newest of each vault, for only a proven point lets older ones go; then those that keep the rolling read up to date. */
export async function readJob(run: JobRun): Promise<JobEnd> {
  const { app } = run.due
  const { settings, declared } = await declaredApp(run.house, app)
  const store = await run.house.use.store()
  await knowPoints(run.house, settings, [app], declared.vaults)
  const proofs = await store.proofs(app)
  const problems: string[] = []
  let count = 0
  for (const vault of declared.vaults) {
    const ofVault = proofs.filter((proof) => proof.vault === vault)
    for (const point of pointsToRead(await store.pointSummaries(app, vault), ofVault, run.house.clock.now())) {
      count += 1
      problems.push(...(await attempt(run, `${point} in ${vault}`, async () => void (await operate(run, readPoint(app, vault, point))))))
    }
  }
  if (problems.length === 0) return { outcome: "succeeded", reason: count === 0 ? "every point was read lately" : null }
  return { outcome: problems.length === count ? "failed" : "partial", reason: problems.join("; ") }
}

const readPoint = (app: string, vault: string, point: string) => async (own: House) => {
  const { verifyPoint } = await import("../../verify/verify.ts")
  const subject = await openSubject(own, { app, vault, point }, { create: false })
  return await verifyPoint(subject.tools, subject.vault, await pointOf(subject, { point }), "read", own.command, own.base())
}

/** Ids, the newest point first if it was never read back. */
export function pointsToRead(points: readonly PointSummary[], proofs: readonly ProofRecord[], now: Date): readonly string[] {
  const newest = points.toSorted((left, right) => right.sequence - left.sequence)[0]
  const wasRead = proofs.some(({ point, level }) => point === newest?.id && level !== "sealed")
  const first = newest === undefined || wasRead ? [] : [newest.id]
  return [...new Set([...first, ...nextReads(points, proofs, { now }).map(({ id }) => id)])]
}
