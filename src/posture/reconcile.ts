import type { AlarmRecord } from "../operation/ports.ts"
import type { Alarm } from "./alarm.ts"

/** An alarm as it is now, with the instant since which it is open. */
export interface OpenAlarm extends Alarm {
  readonly since: Date
}

export interface Reconciled {
  readonly open: readonly OpenAlarm[]
  /** What has to be written: new alarms, those whose text changed, those that ended. */
  readonly changed: readonly AlarmRecord[]
}

/**
 * Holds what is wrong now against what the store knows. An alarm that comes back after it ended is a new one under the same key.
 * @param isUnknown alarms that could not be judged now: they neither end nor change
 */
export function reconcileAlarms(
  previous: readonly AlarmRecord[],
  current: readonly Alarm[],
  now: Date,
  isUnknown: (record: AlarmRecord) => boolean = () => false,
): Reconciled {
  const known = new Map(previous.filter(({ endedAt }) => endedAt === null).map((record) => [record.key, record]))
  const open = current.map((alarm) => ({ ...alarm, since: known.get(alarm.key)?.since ?? now }))
  const present = new Set(open.map(({ key }) => key))
  const ended = [...known.values()]
    .filter((record) => !present.has(record.key) && !isUnknown(record))
    .map((record) => ({ ...record, endedAt: now }))
  const written = open.flatMap(({ key, app, kind, text, since }) => {
    const record = known.get(key)
    if (record?.text === text) return []
    return [{ key, app, kind, text, since, toldAt: record?.toldAt ?? null, endedAt: null }]
  })
  return { open, changed: [...written, ...ended] }
}
