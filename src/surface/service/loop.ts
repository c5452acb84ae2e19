import { messageOf } from "../../base/errors.ts"
import type { Service } from "./service.ts"

const LONGEST_SLEEP_MS = 30_000
const WATCH_EVERY_MS = 60_000
/** A slot that is due within a moment is waited for, not slept past. */
const SHORTEST_SLEEP_MS = 50

/** Does what is due, and watches, until the service's signal is aborted; then what runs is cancelled and put in order. Never throws. */
export async function keepServing(service: Service): Promise<void> {
  const { house, runner, scheduler } = service
  const alarm = createAlarmClock(service)
  try {
    while (!house.signal.aborted) {
      await quietly(service, "the scheduler failed", async () => void (await scheduler.pass()))
      alarm.watchIfDue()
      await alarm.sleep(await sleepMs(service))
    }
  } finally {
    alarm.stop()
    await runner.close()
    await scheduler.idle()
    await alarm.watched()
    await service.told()
  }
}

/** Until the next slot, but never longer than the wall clock may be trusted: it can be set while we sleep. */
async function sleepMs({ house, scheduler }: Service): Promise<number> {
  try {
    const next = await scheduler.nextAt()
    if (next === null) return LONGEST_SLEEP_MS
    return Math.max(SHORTEST_SLEEP_MS, Math.min(LONGEST_SLEEP_MS, next.getTime() - house.clock.now().getTime()))
  } catch {
    return LONGEST_SLEEP_MS
  }
}

async function quietly({ house }: Service, what: string, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (thrown) {
    if (!house.signal.aborted) house.log.error(what, { why: messageOf(thrown) })
  }
}

interface AlarmClock {
  sleep(ms: number): Promise<void>
  watchIfDue(): void
  watched(): Promise<void>
  stop(): void
}

/** Woken early when the settings change, so that a new schedule is seen at once, and when a run has ended, so that the next one of its app begins. */
function createAlarmClock(service: Service): AlarmClock {
  const { clock, signal } = service.house
  let awake = new AbortController()
  let watching: Promise<void> = Promise.resolve()
  let watchedMs = Number.NEGATIVE_INFINITY
  let told: string | null = null
  const wake = (): void => awake.abort()
  const unwatch = service.settings.watch(wake)
  service.onFree(wake)
  signal.addEventListener("abort", wake, { once: true })
  return {
    sleep: async (ms) => {
      if (signal.aborted) return
      await clock.sleep(ms, awake.signal).catch(() => undefined)
      if (awake.signal.aborted) awake = new AbortController()
    },
    watchIfDue: () => {
      const problem = service.settings.problem()
      // A file that was broken or mended just now is told at once.
      if (problem === told && clock.monotonicMs() - watchedMs < WATCH_EVERY_MS) return
      told = problem
      watchedMs = clock.monotonicMs()
      // The next turn waits for this one; a vault that does not answer must not hold up a backup.
      watching = watching.then(service.watch)
    },
    watched: async () => await watching,
    stop: () => {
      unwatch()
      signal.removeEventListener("abort", wake)
    },
  }
}
