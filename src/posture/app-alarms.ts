import { counted, formatBytes, formatDuration } from "../base/units.ts"
import type { AlarmPoint, AppFacts, CopyFacts } from "./alarm-facts.ts"
import { alarmOf, instantText, newest, type Alarm } from "./alarm.ts"
import { newestProven } from "./proven.ts"
import { recoveryTimeOf } from "./recovery-time.ts"
import { fallOf } from "./trend.ts"
import { unheldOf } from "./unheld.ts"

const HOUR_MS = 3_600_000
const COPY_GRACE_MS = 6 * HOUR_MS
/** A disk that is changed weekly may come a day late. */
export const REMOVABLE_GRACE_MS = 8 * 24 * HOUR_MS
/** A drill may come a quarter of its period late before its proof counts as stale. */
const DRILL_SLACK = 1.25

/** What is wrong with the proofs, the copies and the size of one app, and with who hears of it. */
export function appAlarms(facts: AppFacts, now: Date): readonly Alarm[] {
  return [
    ...proofStale(facts, now),
    ...recoveryTime(facts),
    ...facts.copies.flatMap((copy) => copyMissing(facts, copy, now)),
    ...collapsed(facts),
    ...dataUnheld(facts, now),
    ...nobodyTold(facts),
  ]
}

function proofStale(facts: AppFacts, now: Date): readonly Alarm[] {
  const reasons = [...exposureReason(facts, now), ...drillReason(facts, now)]
  if (reasons.length === 0) return []
  return [alarmOf({ kind: "proof-stale", app: facts.app.name, text: `${facts.app.name}: ${reasons.join("; ")}` })]
}

function exposureReason({ app, points, proofs, seenAt }: AppFacts, now: Date): readonly string[] {
  const objectiveMs = app.objectives.exposureMs
  if (objectiveMs === null) return []
  const best = newestProven(app, points, proofs, now)
  if (now.getTime() - (best?.point.startedAt ?? seenAt).getTime() <= objectiveMs) return []
  const objective = `the objective is ${formatDuration(objectiveMs)}`
  if (best === null) return [`no point has been proven since ${instantText(seenAt)}, ${objective}`]
  return [`the newest proven point is of ${instantText(best.point.startedAt)}, ${objective}`]
}

function drillReason({ proofs, seenAt, drillPeriodMs }: AppFacts, now: Date): readonly string[] {
  if (drillPeriodMs === null) return []
  const drilled = proofs.filter(({ level, at }) => (level === "restored" || level === "booted") && at <= now)
  const last = newest(drilled, ({ at }) => at)
  if (now.getTime() - (last?.at ?? seenAt).getTime() <= drillPeriodMs * DRILL_SLACK) return []
  const period = `a drill is set for every ${formatDuration(drillPeriodMs)}`
  return [
    last === undefined ? `no drill has succeeded, ${period}` : `the last drill that succeeded was at ${instantText(last.at)}, ${period}`,
  ]
}

function recoveryTime({ app, proofs }: AppFacts): readonly Alarm[] {
  const objectiveMs = app.objectives.recoveryTimeMs
  const measuredMs = recoveryTimeOf(proofs)
  if (objectiveMs === null || measuredMs === null || measuredMs <= objectiveMs) return []
  const text = `${app.name}: the last restore took ${formatDuration(measuredMs)}, the objective is ${formatDuration(objectiveMs)}`
  return [alarmOf({ kind: "recovery-time", app: app.name, text })]
}

/**
 * Judged by the newest point that should be there by now: older ones may have expired in the copy by its own policy. Points that
 * nobody scheduled are copied with the next that is.
 */
function copyMissing({ app, points }: AppFacts, { from, to, setAt, removable }: CopyFacts, now: Date): readonly Alarm[] {
  const until = now.getTime() - (removable ? REMOVABLE_GRACE_MS : COPY_GRACE_MS)
  if (setAt.getTime() > until) return []
  const due = points.filter((point) => point.vault === from && point.trigger === "schedule" && point.startedAt.getTime() <= until)
  const copied = newest(
    points.filter((point) => point.vault === to),
    ({ startedAt }) => startedAt,
  )
  const missing = due.filter(({ startedAt }) => copied === undefined || startedAt > copied.startedAt)
  const last = newest(missing, ({ startedAt }) => startedAt)
  if (last === undefined) return []
  const since = copied === undefined ? "it holds none of them" : `the newest there is ${copied.id}`
  const count = counted(missing.length, "point")
  const text = `${count} of ${app.name} in vault ${from}, up to ${last.id}, did not come to vault ${to}; ${since}`
  return [alarmOf({ kind: "copy-missing", app: app.name, about: to, text })]
}

function collapsed({ app, points }: AppFacts): readonly Alarm[] {
  const fallen = [...new Set(points.map(({ vault }) => vault))].flatMap((vault) => {
    const fall = fallOf(
      points.filter((point) => point.vault === vault),
      app.thresholds,
    )
    return fall === null ? [] : [fall]
  })
  const [first] = fallen
  if (first === undefined) return []
  return [alarmOf({ kind: "collapsed", app: app.name, text: `${app.name}: point ${first.point.id} ${fallText(first)}` })]
}

/** Whoever reads no output of scheduled backups learns of it here. */
function dataUnheld({ app, points }: AppFacts, now: Date): readonly Alarm[] {
  const left = unheldOf(app, points, now)
  if (left.length === 0) return []
  return [alarmOf({ kind: "data-unheld", app: app.name, text: `${app.name}: no recovery point holds ${left.join(", ")}` })]
}

/** Silence would look the same whether all is well or nothing is. */
function nobodyTold({ app, hasReceiver }: AppFacts): readonly Alarm[] {
  if (hasReceiver) return []
  return [alarmOf({ kind: "nobody-told", app: app.name, text: `${app.name}: nobody is told when something is wrong with it` })]
}

function fallText({ what, now, usual }: { what: "rows" | "bytes"; now: number; usual: number; point: AlarmPoint }): string {
  if (what === "rows") return `holds ${counted(now, "row")}, those before it about ${usual}`
  return `holds ${formatBytes(now)}, those before it about ${formatBytes(usual)}`
}
