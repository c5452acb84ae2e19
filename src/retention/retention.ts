/** Which recovery points are kept and why: a pure function of points, policy and time (design §8). */
import type { Keep } from "../app/app.ts"
import { assertPolicy } from "./policy.ts"
import { bucketNames, bucketPicks } from "./bucket.ts"
import { floors } from "./floor.ts"
import type { Decision, Pick, Reason, RetentionPoint } from "./point.ts"
import { timelineOf, type Timeline } from "./timeline.ts"

export type { Decision, Reason, RetentionPoint } from "./point.ts"

/**
 * Decides for each point, newest first. The order of `points` does not matter.
 * @param timezone IANA name; periods (hours, days, ISO weeks, …) are those of its wall clock
 * @param ofGroup policies of groups that have one of their own
 * @throws RETENTION_INVALID for a policy that keeps nothing, is out of range, or an unknown timezone
 */
export function decideRetention(
  points: readonly RetentionPoint[],
  policy: Keep,
  now: Date,
  timezone: string,
  ofGroup: ReadonlyMap<string, Keep> = new Map(),
): readonly Decision[] {
  for (const each of [policy, ...ofGroup.values()]) assertPolicy(each, timezone)
  const timeline = timelineOf(points, now)
  const reasons = new Map<string, readonly Reason[]>()
  for (const group of timeline.groups) {
    const own = ofGroup.get(group.name) ?? policy
    collect(reasons, lastPicks(group, own.last ?? 0))
    collect(reasons, withinPicks(group, own.withinMs ?? 0))
    for (const name of bucketNames) collect(reasons, bucketPicks(group.competing, name, own[name] ?? 0, timezone))
  }
  collect(reasons, floors(timeline))
  return timeline.newestFirst.map((point) => decisionOf(point.id, reasons.get(point.id) ?? []))
}

function collect(reasons: Map<string, readonly Reason[]>, picks: readonly Pick[]): void {
  for (const { id, reason } of picks) reasons.set(id, [...(reasons.get(id) ?? []), reason])
}

function decisionOf(id: string, reasons: readonly Reason[]): Decision {
  if (reasons.length > 0) return { id, keep: true, reasons }
  return { id, keep: false, reasons: [{ rule: "unneeded", text: "no rule keeps it" }] }
}

type Group = Timeline["groups"][number]

function lastPicks(group: Group, count: number): readonly Pick[] {
  return group.competing.slice(0, count).map((point) => ({ id: point.id, reason: { rule: "last", text: `one of the last ${count}` } }))
}

/** Measured back from the newest point, so that a clock that runs ahead deletes nothing by itself. */
function withinPicks(group: Group, withinMs: number): readonly Pick[] {
  const newest = group.competing[0]
  if (newest === undefined || withinMs === 0) return []
  const limit = newest.startedAt.getTime() - withinMs
  return group.competing
    .filter((point) => point.startedAt.getTime() >= limit)
    .map((point) => ({ id: point.id, reason: { rule: "within", text: "younger than the policy's `within`" } }))
}
