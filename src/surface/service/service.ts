/** What runs without anyone watching: settles, does what is due, watches, tells; `serve` keeps doing it, `run-due` does it once. */
import { messageOf } from "../../base/errors.ts"
import { formatDuration } from "../../base/units.ts"
import { settleInterrupted } from "../../operation/settle.ts"
import type { House } from "../house/house.ts"
import { settlersOf } from "../house/settlers.ts"
import { tellRun, watchAlarms } from "./alarms.ts"
import { createRunner, type Runner } from "./runner.ts"
import { createScheduler, settleSlots, type JobReport, type Scheduler } from "./scheduler.ts"
import { createSettingsKeeper, type SettingsKeeper } from "./settings-keeper.ts"

export interface Service {
  /** With the settings that are in force. */
  readonly house: House
  readonly runner: Runner
  readonly scheduler: Scheduler
  readonly settings: SettingsKeeper
  /** Finishes or undoes what an earlier process was killed at; what cannot be settled is told and left for later. */
  settle(): Promise<void>
  /** One turn of the watch: alarms are decided and told. Never throws. */
  watch(): Promise<void>
  /** Everything so far, in the order in which it ended. */
  reports(): readonly JobReport[]
  /** Called when a run has ended and its app is free for the next; one listener. */
  onFree(listener: () => void): void
  /** Messages about runs that are on their way. */
  told(): Promise<void>
}

const REPORTS_KEPT = 200

/** @param raw whose `settings()` reads the file each time */
export function createService(raw: House): Service {
  const settings = createSettingsKeeper(raw)
  const house: House = { ...raw, settings: settings.current }
  const runner = createRunner(house)
  let telling: Promise<void> = Promise.resolve()
  let reports: readonly JobReport[] = []
  let freed: () => void = () => undefined

  const tell = (event: "start" | "success" | "fail", report: Parameters<typeof tellRun>[3]): void => {
    // One after the other: a dead-man switch that hears of the end before the begin waits for an end that never comes.
    telling = telling.then(async () => await tellQuietly(house, event, report))
  }
  const scheduler = createScheduler(house, runner, {
    onStart: ({ app, schedule }) => tell("start", { app, schedule, operationId: null, text: `${schedule} of ${app} has begun` }),
    onEnd: (report) => {
      reports = [...reports, report].slice(-REPORTS_KEPT)
      house.progress.note(lineOf(report))
      const { app, schedule, operationId, outcome, changed } = report
      const text = report.reason ?? report.did ?? `${schedule} of ${app} ${outcome}`
      if (outcome === "succeeded") tell("success", { app, schedule, operationId, text, ...(changed === undefined ? {} : { changed }) })
      if (outcome === "failed" || outcome === "partial") tell("fail", { app, schedule, operationId, text })
    },
    onFree: () => freed(),
  })
  return {
    house,
    runner,
    scheduler,
    settings,
    settle: async () => {
      await settleApps(house)
      await settleSlots(house)
    },
    watch: async () => await watchQuietly(raw),
    reports: () => reports,
    onFree: (listener) => {
      freed = listener
    },
    told: async () => await telling,
  }
}

/** Each app by itself: one that cannot be settled must not keep the others from being protected. */
async function settleApps(house: House): Promise<void> {
  const tools = await house.operationTools()
  const apps = new Set((await tools.store.operations({ unfinished: true })).map((operation) => operation.app))
  for (const app of apps) {
    try {
      for (const { operation, outcome, message } of await settleInterrupted(tools, settlersOf(house), app, house.base()))
        house.progress.note(`settled operation ${operation.id} (${operation.kind} of ${operation.app}): ${outcome}, ${message}`)
    } catch (thrown) {
      if (house.signal.aborted) return
      house.progress.warn(messageOf(thrown))
    }
  }
}

/** Being told is no reason to stop protecting. */
async function tellQuietly(house: House, event: "start" | "success" | "fail", run: Parameters<typeof tellRun>[3]): Promise<void> {
  try {
    await tellRun(house, await house.settings(), event, run)
  } catch (thrown) {
    if (!house.signal.aborted)
      house.log.error("a run could not be told of", { app: run.app, schedule: run.schedule, why: messageOf(thrown) })
  }
}

async function watchQuietly(raw: House): Promise<void> {
  try {
    await watchAlarms(raw)
  } catch (thrown) {
    if (!raw.signal.aborted) raw.log.error("the watch failed", { why: messageOf(thrown) })
  }
}

function lineOf({ app, schedule, outcome, reason, did, durationMs }: JobReport): string {
  const what = reason ?? did ?? null
  return `${schedule} of ${app}: ${outcome} (${formatDuration(durationMs)})${what === null ? "" : `, ${what}`}`
}
