import { openSubject } from "../house/subject.ts"
import { operate, type JobEnd, type JobRun } from "./job.ts"

/** Releases what restores and updates kept beside, where its time is over: also when no backup runs, which would do it as well. */
export async function releaseKeptJob(run: JobRun): Promise<JobEnd> {
  await releaseKeptStates(run)
  return { outcome: "succeeded", reason: null }
}

export async function releaseKeptStates(run: JobRun): Promise<void> {
  const { app } = run.due
  const kept = await (await run.house.use.store()).kept(app)
  if (kept.every((record) => record.releasedAt !== null || record.keptUntil > run.house.clock.now())) return
  await operate(run, async (own) => {
    const { releaseDue } = await import("../../restore/restore.ts")
    const subject = await openSubject(own, { app, vault: null, point: null }, { create: false })
    return await releaseDue(subject.tools, subject.app, own.command, own.base())
  })
}
