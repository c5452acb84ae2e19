import type { SlotRecord } from "../operation/ports.ts"
import type { ScheduleFacts } from "./alarm-facts.ts"
import { alarmOf, instantText, newest, type Alarm } from "./alarm.ts"

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const SHORTEST_GRACE_MS = 30 * MINUTE_MS
const LONGEST_GRACE_MS = 6 * HOUR_MS

/** A run that failed, and a run that should have succeeded by now: two alarms, because the second also speaks when nothing ran at all. */
export function scheduleAlarms(facts: ScheduleFacts, now: Date): readonly Alarm[] {
  return [...runFailed(facts), ...overdue(facts, now)]
}

/** A quarter of the time between two slots, at least half an hour and at most six hours. */
export function graceMs(periodMs: number): number {
  return Math.min(LONGEST_GRACE_MS, Math.max(SHORTEST_GRACE_MS, periodMs / 4))
}

/** Partial is not success. A run that was skipped or cancelled says nothing about whether it would have worked. */
function runFailed(facts: ScheduleFacts): readonly Alarm[] {
  const { app, schedule } = facts
  // An update that did not do well, or was not done, is an alarm of its own.
  if (schedule.startsWith("updates.")) return []
  const judged = facts.slots.filter(({ outcome }) => outcome === "succeeded" || outcome === "failed" || outcome === "partial")
  const last = newest(judged, ({ slot }) => slot)
  if (last === undefined || last.outcome === "succeeded") return []
  if (facts.successes.some((at) => at > last.handledAt)) return []
  const how = last.outcome === "partial" ? "was done only in part" : "failed"
  const text = `${schedule} of ${app}, due at ${instantText(last.slot)}, ${how}${last.reason === null ? "" : `: ${last.reason}`}`
  const hint =
    last.operationId === null
      ? {}
      : { hint: `Run \`holdfast operations show ${last.operationId}\` to see its steps; correct what failed, and run it again.` }
  return [alarmOf({ kind: "run-failed", app, schedule, text, ...hint })]
}

function overdue(facts: ScheduleFacts, now: Date): readonly Alarm[] {
  const { app, schedule, setAt, nextAfter } = facts
  const succeeded = lastSuccess(facts, now)
  const never = succeeded === null || setAt > succeeded
  const owed = nextAfter(never ? setAt : succeeded)
  if (owed === null) return []
  const following = nextAfter(owed)
  const allowedMs = following === null ? LONGEST_GRACE_MS : graceMs(following.getTime() - owed.getTime())
  if (now.getTime() <= owed.getTime() + allowedMs) return []
  const what = never
    ? `${schedule} of ${app} has not succeeded since it was set, first due at ${instantText(owed)}: it is not yet proven`
    : `${schedule} of ${app} was due at ${instantText(owed)} and has not succeeded since`
  return [alarmOf({ kind: "overdue", app, schedule, text: `${what}${presentState(facts.slots)}`, ...ownHint(schedule) })]
}

/** What Holdfast does by itself has no command of its own. */
function ownHint(schedule: string): { readonly hint?: string } {
  return schedule.startsWith("holdfast.")
    ? { hint: "Check that the service or its timer runs; `holdfast operations` shows what it did." }
    : {}
}

/** What was done in part has its own alarm. A success dated in the future (the clock was wrong then) must not silence a schedule until that day comes. */
function lastSuccess({ schedule, slots, successes }: ScheduleFacts, now: Date): Date | null {
  const tried = schedule.startsWith("updates.")
  const bySlot = slots
    .filter(({ outcome }) => outcome === "succeeded" || outcome === "partial" || (tried && outcome === "failed"))
    .map(({ slot }) => slot)
  return (
    newest(
      [...bySlot, ...successes].filter((at) => at <= now),
      (at) => at,
    ) ?? null
  )
}

function presentState(slots: readonly SlotRecord[]): string {
  const last = newest(slots, ({ slot }) => slot)
  if (last?.outcome === "running") return `; a run has been under way since ${instantText(last.handledAt)}`
  if (last?.outcome === "skipped")
    return `; the run of ${instantText(last.slot)} was skipped${last.reason === null ? "" : `: ${last.reason}`}`
  return ""
}
