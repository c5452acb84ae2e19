import type { SlotRecord, Store } from "../../operation/ports.ts"
import type { AppFacts, ScheduleFacts } from "../../posture/alarm-facts.ts"
import { coverageOf } from "../../posture/coverage.ts"
import { nextRuns, type Entry } from "../../schedule/due.ts"
import type { Settings } from "../../settings/settings.ts"
import { entriesOf } from "./entries.ts"
import { seenAtOf } from "./memory.ts"

/** Slots of one schedule that are read: enough to find the last that says something, also of one that runs each minute. */
const SLOTS_READ = 200
/** Of these the reason is looked up; an alarm speaks of the newest that ended. */
const REASONS_READ = 3

/** Everything that is done by the clock and is enabled, with what became of it. */
export async function gatherSchedules(
  store: Store,
  settings: Settings,
  apps: readonly AppFacts[],
  now: Date,
): Promise<readonly ScheduleFacts[]> {
  const entries = entriesOf(settings).filter(({ enabled }) => enabled)
  return await Promise.all(entries.map(async (entry) => await scheduleFacts(store, entry, apps, now)))
}

async function scheduleFacts(store: Store, entry: Entry, apps: readonly AppFacts[], now: Date): Promise<ScheduleFacts> {
  const { app, schedule } = entry
  const facts = apps.find((one) => one.app.name === app)
  const slots = await store.slots({ app, schedule, until: now, limit: SLOTS_READ })
  return {
    app,
    schedule,
    // Nothing is owed of what no scheduler has seen yet.
    setAt: (await seenAtOf(store, entry)) ?? now,
    nextAfter: (instant) => nextRuns(entry, instant, 1)[0] ?? null,
    slots: await Promise.all(slots.map(async (slot, index) => (index < REASONS_READ ? await withReason(store, slot) : slot))),
    successes: facts === undefined ? [] : successesOf(facts, schedule),
  }
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
  const drill = schedule.startsWith("drills.") ? app.drills[schedule.slice("drills.".length)] : undefined
  if (drill === undefined) return []
  return proofs.filter(({ level }) => level === "booted" || level === drill.level).map(({ at }) => at)
}
