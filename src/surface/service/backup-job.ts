import { z } from "zod"
import type { App, Schedule } from "../../app/app.ts"
import { SELF } from "../house/self-app.ts"
import type { House } from "../house/house.ts"
import { declaredApp, openSubject } from "../house/subject.ts"
import { changesOf, rememberChanges } from "./changes.ts"
import { copyMissing } from "./copy-job.ts"
import { expireByPolicy } from "./expire-after.ts"
import { attempt, operate, type JobEnd, type JobRun } from "./job.ts"
import { releaseKeptStates } from "./release-kept-job.ts"

/** Takes the point of one schedule, then does what follows it: expiry, copies, kept states whose time is over. */
export async function backupJob(run: JobRun, name: string): Promise<JobEnd> {
  const { declared } = await declaredApp(run.house, run.due.app)
  const schedule = declared.schedules[name]
  if (schedule === undefined) return { outcome: "skipped", reason: "the schedule is no longer in the settings" }
  const changes = schedule.onChange ? await changesOf(run.house, declared, run.due.schedule) : null
  if (changes?.changed === false) return { outcome: "succeeded", reason: "nothing has changed" }
  const taken = await operate(run, async (own) => await takePoint(own, declared.name, schedule))
  if (changes !== null) await rememberChanges(run.house, declared.name, run.due.schedule, changes.digest)
  const problems = await whatFollows(run, declared, schedule)
  const did = `point ${idOf(taken.result)} was taken`
  return problems.length === 0 ? { outcome: "succeeded", reason: null, did } : { outcome: "partial", reason: problems.join("; ") }
}

function idOf(point: unknown): string {
  return z.object({ manifest: z.object({ id: z.string() }) }).parse(point).manifest.id
}

async function takePoint(own: House, app: string, schedule: Schedule): Promise<unknown> {
  const { backUp, plainBackup } = await import("../../backup/backup.ts")
  const subject = await openSubject(own, { app, vault: schedule.vault, point: null }, { create: true })
  const { cold, only } = schedule
  const options = { ...plainBackup, trigger: app === SELF ? ("self" as const) : ("schedule" as const), cold, only }
  return await backUp(subject.tools, subject.vault, subject, options, own.command, own.base())
}

async function whatFollows(run: JobRun, declared: App, schedule: Schedule): Promise<readonly string[]> {
  const problems = [...(await attempt(run, `${schedule.vault}: expiring`, async () => await expireByPolicy(run, declared, schedule.vault)))]
  for (const vault of schedule.copies) {
    const copied = await attempt(run, `copy to ${vault}`, async () => await copyMissing(run, schedule.vault, vault))
    problems.push(...copied)
    if (copied.length === 0)
      problems.push(...(await attempt(run, `${vault}: expiring`, async () => await expireByPolicy(run, declared, vault))))
  }
  return [...problems, ...(await attempt(run, "releasing kept states", async () => await releaseKeptStates(run)))]
}
