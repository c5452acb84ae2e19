/** Which recovery points are kept and why: a pure function of points, policy and time (design §8). */
import type { Keep } from "../app/app.ts"
import { assertPolicy } from "./policy.ts"
import { bucketNames, bucketPicks } from "./bucket.ts"
import { floors } from "./floor.ts"
import { timelineOf, type Timeline } from "./timeline.ts"

export interface RetentionPoint {
  readonly id: string
  /** Position in the app's chain; the order of points is by this, never by the clock alone. */
  readonly sequence: number
  readonly startedAt: Date
  /**
   * Points compete for the policy's places only with points of their own group. `""` is the group of whole, routine points;
   * safety points and points that lack parts have groups of their own, so that they never push out a whole one.
   */
  readonly group: string
  /** Proven to be readable, or better. */
  readonly proven: boolean
  /** Its last check found damage. */
  readonly failed: boolean
  /** Sharply smaller than its predecessor, or marked as suspicious otherwise. */
  readonly suspicious: boolean
  readonly pinned: boolean
  /** Taken because the program about to start was a new version. */
  readonly migration: boolean
  /** The unfinished or still revocable operation whose safety point this is. */
  readonly neededBy: string | null
}

export interface Reason {
  /** A policy member (`last`, `daily`, …, `within`), a floor's name, or `unneeded`. */
  readonly rule: string
  readonly text: string
}

export interface Decision {
  readonly id: string
  readonly keep: boolean
  /** Every rule that keeps the point; for one that goes, why nothing does. Never empty. */
  readonly reasons: readonly Reason[]
}

/**
 * Decides for each point, newest first. The order of `points` does not matter.
 * @param timezone IANA name; periods (hours, days, ISO weeks, …) are those of its wall clock
 * @throws RETENTION_INVALID for a policy that keeps nothing, is out of range, or an unknown timezone
 */
export function decideRetention(points: readonly RetentionPoint[], policy: Keep, now: Date, timezone: string): readonly Decision[] {
  assertPolicy(policy, timezone)
  const timeline = timelineOf(points, now)
  const reasons = new Map<string, Reason[]>(timeline.newestFirst.map((point) => [point.id, []]))
  for (const group of timeline.groups) {
    collect(reasons, lastPicks(group, policy.last ?? 0))
    collect(reasons, withinPicks(group, policy.withinMs ?? 0))
    for (const name of bucketNames) collect(reasons, bucketPicks(group.competing, name, policy[name] ?? 0, timezone))
  }
  collect(reasons, floors(timeline))
  return timeline.newestFirst.map((point) => decisionOf(point.id, reasons.get(point.id) ?? []))
}

export interface Pick {
  readonly id: string
  readonly reason: Reason
}

function collect(reasons: Map<string, Reason[]>, picks: readonly Pick[]): void {
  for (const pick of picks) reasons.get(pick.id)?.push(pick.reason)
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
