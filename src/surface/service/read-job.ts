import type { PointSummary, ProofRecord } from "../../operation/ports.ts"
import type { House } from "../house/house.ts"
import { knowPoints } from "../house/known-points.ts"
import { declaredApp, openSubject, pointOf } from "../house/subject.ts"
import { attempt, operate, type JobEnd, type JobRun } from "./job.ts"

const DAY_MS = 86_400_000
const ALL_READ_WITHIN_DAYS = 30

/** Reads points back, so that within a month every point of every vault was read; the newest unread one first. */
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

/** The newest point if it was never read, then those not read for longest: so many each day that a month is enough for all. */
export function pointsToRead(
  points: readonly Pick<PointSummary, "id" | "sequence">[],
  proofs: readonly Pick<ProofRecord, "point" | "level" | "at">[],
  now: Date,
): readonly string[] {
  const readAtMs = new Map<string, number>()
  for (const { point, level, at } of proofs) if (level === "read") readAtMs.set(point, Math.max(at.getTime(), readAtMs.get(point) ?? 0))
  const newest = points.toSorted((left, right) => right.sequence - left.sequence)[0]
  const limitMs = now.getTime() - (ALL_READ_WITHIN_DAYS - 1) * DAY_MS
  const stale = points
    .map(({ id }) => ({ id, readMs: readAtMs.get(id) ?? 0 }))
    .filter(({ readMs }) => readMs <= limitMs)
    .toSorted((left, right) => left.readMs - right.readMs)
    .map(({ id }) => id)
  const first = newest !== undefined && !readAtMs.has(newest.id) ? [newest.id] : []
  const share = Math.ceil(points.length / ALL_READ_WITHIN_DAYS)
  return [...first, ...stale.filter((id) => !first.includes(id)).slice(0, share)]
}
