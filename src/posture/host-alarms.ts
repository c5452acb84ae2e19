import { formatBytes } from "../base/units.ts"
import type { AppFacts, DiskFacts, ReceiverFacts } from "./alarm-facts.ts"
import { alarmOf, instantText, newest, type Alarm } from "./alarm.ts"

const FULL_AT = 0.8
/** An open alarm ends only below this, so that one file more or less does not end and raise it in turn. */
const FREE_AGAIN_BELOW = 0.78
const CLOCK_TOLERANCE_MS = 5 * 60_000
/** The first failure may be a network that was away for a moment; the second attempt comes a minute later. */
const FAILURES_TOLD = 2

export function settingsAlarms(problem: string | null): readonly Alarm[] {
  return problem === null ? [] : [alarmOf({ kind: "settings-broken", text: `the settings cannot be used: ${problem}` })]
}

/** A point from the future: the clock was ahead then, or is behind now. */
export function clockAlarms(apps: readonly AppFacts[], now: Date): readonly Alarm[] {
  const last = newest(
    apps.flatMap(({ points }) => points),
    ({ startedAt }) => startedAt,
  )
  if (last === undefined || last.startedAt.getTime() <= now.getTime() + CLOCK_TOLERANCE_MS) return []
  const text = `point ${last.id} in vault ${last.vault} is dated ${instantText(last.startedAt)}, which this machine's clock has not reached`
  return [alarmOf({ kind: "clock", text })]
}

export function diskAlarms(disks: readonly DiskFacts[], open: ReadonlySet<string>): readonly Alarm[] {
  return disks.flatMap(({ path, usedShare, availableBytes }) => {
    const text = `the disk of ${path} is ${Math.floor(usedShare * 100)} % full, ${formatBytes(availableBytes)} are free`
    const alarm = alarmOf({ kind: "disk-full", about: path, text })
    const limit = open.has(alarm.key) ? FREE_AGAIN_BELOW : FULL_AT
    return usedShare >= limit ? [alarm] : []
  })
}

export function receiverAlarms(receivers: readonly ReceiverFacts[]): readonly Alarm[] {
  return receivers.flatMap(({ id, name, failures, failingSince, error }) => {
    if (failures < FAILURES_TOLD) return []
    const since = failingSince === null ? "" : ` since ${instantText(failingSince)}`
    const text = `messages by ${name} have not arrived${since}${error === null ? "" : `: ${error}`}`
    return [alarmOf({ kind: "notifier-failing", about: id, text })]
  })
}
