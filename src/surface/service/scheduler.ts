import { messageOf } from "../../base/errors.ts"
import type { SlotRecord } from "../../operation/ports.ts"
import { dueJobs, nextDueAt, type DueJob, type Entry } from "../../schedule/due.ts"
import type { House } from "../house/house.ts"
import { entriesOf } from "./entries.ts"
import type { JobEnd, JobRun } from "./job.ts"
import { runJob } from "./jobs.ts"
import { rememberEntry } from "./memory.ts"
import type { Runner } from "./runner.ts"
import { claimSlot, closeForgotten, dropDeadClaim, isClaimed, type Claim } from "./slot-claim.ts"

/** What became of one slot, as soon as it is known. */
export interface JobReport extends DueJob, JobEnd {
  /** The first operation of the run. */
  readonly operationId: string | null
  readonly durationMs: number
}

export interface Scheduler {
  /** What is owed now, in the order of its slots; nothing is started. */
  due(): Promise<readonly DueJob[]>
  /** Starts what is owed and can start: one run of an app at a time, the others with a later pass. Resolves to how many were started. */
  pass(): Promise<number>
  /** When something is next due; null when nothing is scheduled. */
  nextAt(): Promise<Date | null>
  running(): readonly DueJob[]
  /** Resolves when none of the runs that were started goes on. */
  idle(): Promise<void>
}

export interface SchedulerOptions {
  /** Called when a run begins; must not throw. */
  readonly onStart?: (due: DueJob) => void
  /** Called after each run; must not throw. */
  readonly onEnd: (report: JobReport) => void
  /** Called when the app of a run is free again. */
  readonly onFree?: () => void
  /** Does one job; another one in tests of the clock. */
  readonly run?: (run: JobRun) => Promise<JobEnd>
}

/** @param house whose settings are those that are in force, and whose signal ends everything */
export function createScheduler(house: House, runner: Runner, options: SchedulerOptions): Scheduler {
  const running = new Map<string, { readonly due: DueJob; readonly done: Promise<void> }>()

  const due = async (): Promise<readonly DueJob[]> => {
    const jobs: DueJob[] = []
    for (const entry of entriesOf(await house.settings())) {
      const job = await owed(house, entry)
      if (job !== null) jobs.push(job)
    }
    return jobs.toSorted((left, right) => left.slot.getTime() - right.slot.getTime())
  }

  const start = async (job: DueJob): Promise<boolean> => {
    const other = running.get(job.app)
    if (other !== undefined && other.due.schedule !== job.schedule) return false
    const command = `${house.command}: ${job.schedule} of ${job.app}`
    const claim = await claimSlot(await house.operationTools(), job, command, house.clock.now())
    if (claim === null) return false
    const unwritable = (thrown: unknown): void => house.log.error("a slot could not be written", { ...job, why: messageOf(thrown) })
    const done = carryOut({ house, runner, job, command, claim, options })
      .catch(unwritable)
      .finally(() => {
        running.delete(job.app)
        options.onFree?.()
      })
    running.set(job.app, { due: job, done })
    return true
  }

  return {
    due,
    pass: async () => {
      let started = 0
      for (const job of await due()) if (!house.signal.aborted && (await start(job))) started += 1
      return started
    },
    nextAt: async () => nextDueAt(entriesOf(await house.settings()), house.clock.now()),
    running: () => [...running.values()].map((one) => one.due),
    idle: async () => {
      while (running.size > 0) await Promise.all([...running.values()].map((one) => one.done))
    },
  }
}

/** After a start: slots of schedules that are gone are closed; the others are run again or caught up by the first pass. */
export async function settleSlots(house: House): Promise<void> {
  const entries = entriesOf(await house.settings()).filter((entry) => entry.enabled)
  const isKept = ({ app, schedule }: SlotRecord): boolean => entries.some((entry) => entry.app === app && entry.schedule === schedule)
  const tools = await house.operationTools()
  for (const entry of entries) await dropDeadClaim(tools, entry)
  await closeForgotten(tools, isKept, house.clock.now())
}

/** A new slot, else the last one if its run was cut short. */
async function owed(house: House, entry: Entry): Promise<DueJob | null> {
  const tools = await house.operationTools()
  const now = house.clock.now()
  const memory = await rememberEntry(tools.store, entry, now)
  const [job] = dueJobs([entry], () => memory, now)
  if (job !== undefined) return job
  const { newest } = memory
  if (!entry.enabled || newest?.outcome !== "running" || (await isClaimed(tools, entry))) return null
  const { app, schedule, slot, missed } = newest
  return { app, schedule, slot, missed }
}

interface Carried {
  readonly house: House
  readonly runner: Runner
  readonly job: DueJob
  readonly command: string
  readonly claim: Claim
  readonly options: SchedulerOptions
}

async function carryOut({ house, runner, job, command, claim, options }: Carried): Promise<void> {
  const { clock, signal } = house
  const startedMs = clock.monotonicMs()
  let first: string | null = null
  const recorded = async (operationId: string): Promise<void> => {
    first ??= operationId
    await claim.recorded(operationId, clock.now())
  }
  try {
    options.onStart?.(job)
    const end = await (options.run ?? runJob)({ house, runner, due: job, command, signal, recorded })
    await claim.finish(end, clock.now())
    options.onEnd({ ...job, ...end, operationId: first, durationMs: Math.round(clock.monotonicMs() - startedMs) })
  } catch (thrown) {
    // A store that cannot be written leaves the slot open as a kill would: it is run again.
    if (signal.aborted) await claim.leaveOpen(clock.now())
    else house.log.error("the end of a scheduled run could not be recorded", { ...job, why: messageOf(thrown) })
  } finally {
    await claim.release()
  }
}
