import type { AlarmRecord, Store } from "../../operation/ports.ts"
import { alarmsOf } from "../../posture/alarms.ts"
import { noticeMessage } from "../../posture/messages.ts"
import { allReceivers, audienceOf, type ReceiverRef } from "../../posture/receivers.ts"
import { reconcileAlarms, type OpenAlarm } from "../../posture/reconcile.ts"
import { afterFailed, afterTold, planNotices } from "../../posture/telling.ts"
import type { Settings } from "../../settings/settings.ts"
import type { House } from "../house/house.ts"
import { readTelling, writeTelling } from "./alarm-memory.ts"
import { checkVaults } from "./check-vaults.ts"
import { payOwed, tryToSend, whileAloneTelling } from "./deliver.ts"
import { gatherAlarmFacts, type GatheredFacts, type Surroundings } from "./gather-alarm-facts.ts"
import { presentSettings } from "./last-good-settings.ts"

export { gatherAlarmFacts, type GatheredFacts, type Surroundings } from "./gather-alarm-facts.ts"
export { checkVaults } from "./check-vaults.ts"
export { tellRun } from "./tell-run.ts"

/**
 * One turn of the watch, to be called every minute or by a timer: asks vaults that were not asked for a while, decides what is wrong,
 * keeps it in the store, and tells whom it concerns. Returns the alarms that are open.
 */
export async function watchAlarms(house: House, surroundings?: Surroundings): Promise<readonly OpenAlarm[]> {
  const present = await presentSettings(house)
  if (present.settings !== null) await checkVaults(house, present.settings)
  return await raiseAlarms(house, present.settings, await gatherAlarmFacts(house, present, surroundings), house.clock.now())
}

/**
 * Writes what is wrong into the store and tells people: what is new, what is still open after a day, what has ended. Whoever does not
 * take a message is told later, with growing pauses. When another process is telling just now, it tells and this one only decides.
 * @param settings null when none were ever usable: then nobody can be told, and what was open stays
 */
export async function raiseAlarms(house: House, settings: Settings | null, facts: GatheredFacts, now: Date): Promise<readonly OpenAlarm[]> {
  const isUnknown = (record: AlarmRecord): boolean =>
    record.kind !== "settings-broken" && (settings === null || (record.app !== null && facts.unjudged.has(record.app)))
  let open: readonly OpenAlarm[] = []
  const reconcile = async (store: Store): Promise<readonly AlarmRecord[]> => {
    const previous = await store.alarms({ open: true })
    const reconciled = reconcileAlarms(previous, alarmsOf(facts, now), now, isUnknown)
    for (const record of reconciled.changed) await store.putAlarm(record)
    open = reconciled.open
    return previous
  }
  const alone = await whileAloneTelling(house, 0, async (store) => {
    const previous = await reconcile(store)
    if (settings === null) return
    const unjudged = new Set(previous.filter(isUnknown).map(({ key }) => key))
    await tellAll(house, settings, { open, unjudged, now })
  })
  if (!alone) open = reconcileAlarms(await (await house.use.store()).alarms({ open: true }), alarmsOf(facts, now), now, isUnknown).open
  return open
}

interface Situation {
  readonly open: readonly OpenAlarm[]
  readonly unjudged: ReadonlySet<string>
  readonly now: Date
}

async function tellAll(house: House, settings: Settings, situation: Situation): Promise<void> {
  const receivers = allReceivers(settings)
  const audiences = situation.open.map((alarm) => ({ alarm, ids: new Set(audienceOf(settings, alarm).map(({ id }) => id)) }))
  const told = await Promise.all(
    receivers.map(async (ref) => {
      const concerning = audiences.filter(({ ids }) => ids.has(ref.id)).map(({ alarm }) => alarm)
      return await tellOne(house, settings, ref, { ...situation, open: concerning })
    }),
  )
  const store = await house.use.store()
  for (const { key, app, kind, text, since } of new Set(told.flat())) {
    await store.putAlarm({ key, app, kind, text, since, toldAt: situation.now, endedAt: null })
  }
}

/** Tells one receiver everything at once; returns the alarms that it was told of. */
async function tellOne(
  house: House,
  settings: Settings,
  ref: ReceiverRef,
  { open, unjudged, now }: Situation,
): Promise<readonly OpenAlarm[]> {
  const store = await house.use.store()
  const before = await readTelling(store, ref.id)
  const paid = await payOwed(house, settings, ref, before)
  const notices = ref.kind === "ping" ? null : planNotices(paid, open, now, unjudged)
  if (notices === null) {
    if (paid !== before) await writeTelling(store, ref.id, paid)
    return []
  }
  const why = await tryToSend(house, settings, ref, noticeMessage(notices, { host: house.hostName, now }))
  await writeTelling(store, ref.id, why === null ? afterTold(paid, notices, now) : afterFailed(paid, why, now))
  if (why !== null) house.log.warn("a message was not sent", { receiver: ref.name, why })
  return why === null ? [...notices.fresh, ...notices.reminders] : []
}
