import type { AlarmFacts } from "./alarm-facts.ts"
import { appAlarms } from "./app-alarms.ts"
import type { Alarm } from "./alarm.ts"
import { clockAlarms, diskAlarms, receiverAlarms, settingsAlarms } from "./host-alarms.ts"
import { scheduleAlarms } from "./schedule-alarms.ts"
import { updateAlarms } from "./update-alarms.ts"
import { vaultAlarms } from "./vault-alarms.ts"

export type { Alarm } from "./alarm.ts"
export type { AlarmFacts } from "./alarm-facts.ts"

/** All that a person has to know now, the same for the same facts; each key comes once. */
export function alarmsOf(facts: AlarmFacts, now: Date): readonly Alarm[] {
  const alarms = [
    ...settingsAlarms(facts.settingsProblem),
    ...clockAlarms(facts.apps, now),
    ...facts.schedules.flatMap((schedule) => scheduleAlarms(schedule, now)),
    ...facts.apps.flatMap((app) => appAlarms(app, now)),
    ...facts.apps.flatMap((app) => updateAlarms(app, now)),
    ...facts.vaults.flatMap((vault) => vaultAlarms(vault, now)),
    ...diskAlarms(facts.disks, facts.open),
    ...receiverAlarms(facts.receivers),
  ]
  return [...Map.groupBy(alarms, ({ key }) => key).values()].flatMap((same) => same.slice(0, 1))
}
