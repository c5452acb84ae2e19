import type { SlotRecord, Store } from "../../operation/ports.ts"
import type { AppFacts, ScheduleFacts } from "../../posture/alarm-facts.ts"
import { coverageOf } from "../../posture/coverage.ts"
import { nextRuns, type Entry } from "../../schedule/due.ts"
import type { Settings } from "../../settings/settings.ts"
import { CRON_PRESETS } from "../../settings/value.ts"
import type { Seen } from "./alarm-memory.ts"
import { scheduleSeenOf } from "./seen.ts"

/** Slots of one schedule that are read: enough to find the last that says something, also of one that runs each minute. */
const SLOTS_READ = 200

interface GatheredSchedules {
  readonly schedules: readonly ScheduleFacts[]
  readonly seen: Seen
}

export async function gatherSchedules(
  store: Store,
  settings: Settings,
  apps: readonly AppFacts[],
  before: Seen,
  now: Date,
): Promise<GatheredSchedules> {
  const schedules: ScheduleFacts[] = []
  const seen: Seen = {}
  for (const entry of entriesOf(settings)) {
    const remembered = scheduleSeenOf(entry, before, now)
    Object.assign(seen, remembered)
    if (!entry.enabled) continue
    const facts = apps.find(({ app }) => app.name === entry.app)
    const slots = await store.slots({ app: entry.app, schedule: entry.schedule, until: now, limit: SLOTS_READ })
    schedules.push({
      app: entry.app,
      schedule: entry.schedule,
      setAt: Object.values(remembered)[0]?.at ?? now,
      nextAfter: (instant) => nextRuns(entry, instant, 1)[0] ?? null,
      slots: await Promise.all(slots.map(async (slot, index) => (index < 3 ? await withReason(store, slot) : slot))),
      successes: facts === undefined ? [] : successesOf(facts, entry.schedule),
    })
  }
  return { schedules: [...schedules, ...(await ownSchedules(store, now))], seen }
}

/** Schedules and drills of all apps, as the settings say them. */
function entriesOf(settings: Settings): readonly Entry[] {
  return Object.entries(settings.apps).flatMap(([app, { schedules, drills }]) => [
    ...Object.entries(schedules ?? {}).map(([name, entry]) => entryOf(app, `schedules.${name}`, entry)),
    ...Object.entries(drills ?? {}).map(([name, entry]) => entryOf(app, `drills.${name}`, entry)),
  ])
}

function entryOf(app: string, schedule: string, { cron, timezone, enabled }: Omit<Entry, "app" | "schedule">): Entry {
  return { app, schedule, cron: CRON_PRESETS[cron] ?? cron, timezone, enabled }
}

/** Holdfast's own (`holdfast.read`) have no entry in the settings: what became of their runs is known, not when they are due. */
async function ownSchedules(store: Store, now: Date): Promise<readonly ScheduleFacts[]> {
  const slots = (await store.slots({ until: now, limit: SLOTS_READ })).filter(({ schedule }) => schedule.startsWith("holdfast."))
  const groups = Map.groupBy(slots, ({ app, schedule }) => `${app} ${schedule}`)
  return await Promise.all(
    [...groups.values()].flatMap((group) => {
      const [first] = group
      return first === undefined ? [] : [ownSchedule(store, first, group)]
    }),
  )
}

async function ownSchedule(store: Store, first: SlotRecord, group: readonly SlotRecord[]): Promise<ScheduleFacts> {
  const slots = [await withReason(store, first), ...group.slice(1)]
  return { app: first.app, schedule: first.schedule, setAt: first.slot, nextAfter: () => null, slots, successes: [] }
}

/** Why a run failed stands in its operation, where the slot itself does not say it. */
async function withReason(store: Store, slot: SlotRecord): Promise<SlotRecord> {
  if (slot.reason !== null || slot.operationId === null || slot.outcome === "succeeded") return slot
  const operation = await store.operation(slot.operationId)
  if (operation === null || operation.message === null) return slot
  return { ...slot, reason: operation.errorCode === null ? operation.message : `${operation.message} (${operation.errorCode})` }
}

/** A whole point that a person took, and a drill that a person ran, are as good as those of the schedule. */
function successesOf({ app, points, proofs }: AppFacts, schedule: string): readonly Date[] {
  if (schedule.startsWith("schedules.")) {
    return points.filter((point) => point.trigger === "manual" && coverageOf(app, point).length === 0).map(({ startedAt }) => startedAt)
  }
  const wanted = app.drills[schedule.slice("drills.".length)]?.level ?? "booted"
  return proofs.filter(({ level }) => level === "booted" || level === wanted).map(({ at }) => at)
}
