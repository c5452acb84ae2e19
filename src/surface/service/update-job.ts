import { formatDuration } from "../../base/units.ts"
import { newOperationId } from "../../base/ids.ts"
import { updateReport } from "../../contract/output-update.ts"
import { knownUpdates } from "../house/found-updates.ts"
import { rememberWindow } from "../house/missed-window.ts"
import { NEXT, type UpdateWork } from "../house/update-work.ts"
import { operate, reasonOf, type Job, type JobEnd, type JobRun } from "./job.ts"

/** What an automatic update is called in the table of leases; no app can have this name. One at a time, whatever the app. */
const LEASE = "holdfast:updates"
const LOOK_AGAIN_MS = 2000
const PATIENCE_MS = 60 * 60_000

/**
 * Applies the next release by itself, at the begin of the window: only what the rules allow, and only after its rehearsal told that the
 * downtime fits. What is not done is remembered with its reason; the rules are asked again after everything that takes time.
 */
export function updateJob(work: () => Promise<UpdateWork>): Job {
  return async (run) => {
    const verbs = await work()
    const leave = await enterAlone(run)
    if (leave === null) return await notApplied(run, "another update went on for an hour")
    try {
      return await remembering(run, async (watched) => await inWindow(watched, verbs))
    } finally {
      await leave()
    }
  }
}

/** Fails before an operation was recorded, nothing else tells that the window passed. */
async function remembering(run: JobRun, job: Job): Promise<JobEnd> {
  let began = false
  const recorded = async (operationId: string): Promise<void> => {
    began = true
    await run.recorded(operationId)
  }
  try {
    return await job({ ...run, recorded })
  } catch (thrown) {
    if (!began && !run.signal.aborted) await notApplied(run, reasonOf(thrown))
    throw thrown
  }
}

async function inWindow(run: JobRun, work: UpdateWork): Promise<JobEnd> {
  const { house, due } = run
  const { plan } = await work.plan(house, due.app, NEXT)
  if (plan === null) return await nothingNewer(run)
  const before = await work.whyNotByItself(house, due.app, plan, false)
  if (before !== null) return await notApplied(run, before, plan.to.version)
  if (plan.rehearsal?.passed !== true) {
    const { outcome, message } = await operate(run, async (own) => await work.rehearse(own, due.app, NEXT))
    // Withdrawn meanwhile: there was nothing to rehearse any more.
    if (outcome === null) return await nothingNewer(run)
    if (outcome !== "succeeded") return failed(`${plan.to.version} did not pass its rehearsal: ${message ?? "no reason was recorded"}`)
  }
  const again = await work.plan(house, due.app, NEXT)
  if (again.plan === null) return await nothingNewer(run)
  const now = await work.whyNotByItself(house, due.app, again.plan, true)
  if (now !== null) return await notApplied(run, now, again.plan.to.version)
  return await apply(run, work, again.plan.to.version)
}

async function apply(run: JobRun, work: UpdateWork, version: string): Promise<JobEnd> {
  const { house, due } = run
  const end = await operate(run, async (own) => {
    return await work.apply(own, due.app, NEXT, (plan) => {
      if (plan.to.version !== version) throw new Error(`${plan.to.version} came in the place of ${version}`)
    })
  })
  const report = updateReport.nullable().parse(end.result)
  if (report === null) return await nothingNewer(run)
  await rememberWindow(await house.use.store(), due.app, null)
  if (report.outcome === "rolled back") return failed(`${version} was rolled back: ${report.why ?? "no reason was recorded"}`)
  const predicted = report.predictedDowntimeMs === null ? "" : `, ${formatDuration(report.predictedDowntimeMs)} were predicted`
  const downtime = `down for ${formatDuration(report.downtimeMs)}${predicted}`
  const did = `${due.app} was updated from ${report.from ?? "an unknown version"} to ${report.to}, ${downtime}`
  return { outcome: "succeeded", reason: null, did, changed: true }
}

async function nothingNewer({ house, due }: JobRun): Promise<JobEnd> {
  await rememberWindow(await house.use.store(), due.app, null)
  return { outcome: "succeeded", reason: "nothing newer is there" }
}

function failed(reason: string): JobEnd {
  return { outcome: "failed", reason }
}

/** Deciding not to is what the job is for, so it is no failure; an alarm tells the reason. */
async function notApplied({ house, due }: JobRun, reason: string, version?: string): Promise<JobEnd> {
  const { store, host } = await house.operationTools()
  const which = version ?? (await knownUpdates(store, host, due.app)).releases[0]?.version
  if (which !== undefined) await rememberWindow(store, due.app, { version: which, at: due.slot.toISOString(), reason })
  return { outcome: "succeeded", reason: `not applied: ${reason}` }
}

/** Waits until no other update goes by itself on this machine. Null when that took too long. */
async function enterAlone({ house, command, signal }: JobRun): Promise<(() => Promise<void>) | null> {
  const { store, host } = await house.operationTools()
  const id = newOperationId(house.clock.now())
  const sinceMs = house.clock.monotonicMs()
  while (!(await store.acquireLease(LEASE, id, host.self(command))).acquired) {
    if (house.clock.monotonicMs() - sinceMs > PATIENCE_MS) return null
    await house.clock.sleep(LOOK_AGAIN_MS, signal)
  }
  return async () => await store.releaseLease(LEASE, id)
}
