import { backupJob } from "./backup-job.ts"
import { copiesJob } from "./copy-job.ts"
import { drillJob } from "./drill-job.ts"
import type { UpdateWork } from "../house/update-work.ts"
import { COPIES, KEPT, KEYS, READ, RELEASES, SELF_POINT, UPDATE_WINDOW } from "./entries.ts"
import { endOfThrown, type Job, type JobEnd, type JobRun } from "./job.ts"
import { keysJob } from "./keys-job.ts"
import { readJob } from "./read-job.ts"
import { releaseKeptJob } from "./release-kept-job.ts"
import { releasesJob } from "./releases-job.ts"
import { updateJob } from "./update-job.ts"

/** Loaded when an update is due, and not before. */
const updateWork = async (): Promise<UpdateWork> => (await import("../house/do-updates.ts")).doUpdates

const own: Readonly<Record<string, Job>> = {
  [READ]: readJob,
  [COPIES]: copiesJob,
  [KEYS]: keysJob,
  [KEPT]: releaseKeptJob,
  [RELEASES]: releasesJob(updateWork),
  [UPDATE_WINDOW]: updateJob(updateWork),
  [SELF_POINT]: async (run) => await backupJob(run, "nightly"),
}

/** Does what is due. Throws only when the service is being stopped; whatever else goes wrong is the job's end. */
export async function runJob(run: JobRun): Promise<JobEnd> {
  try {
    return await jobOf(run.due.schedule)(run)
  } catch (thrown) {
    return endOfThrown(run, thrown)
  }
}

function jobOf(schedule: string): Job {
  const [kind, name] = schedule.split(".")
  if (kind === "schedules") return async (run) => await backupJob(run, name ?? "")
  if (kind === "drills") return async (run) => await drillJob(run, name ?? "")
  return own[schedule] ?? (async () => await Promise.resolve({ outcome: "skipped", reason: `this program does not know ${schedule}` }))
}
