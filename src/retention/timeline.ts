import type { RetentionPoint } from "./point.ts"

export interface PointGroup {
  readonly name: string
  readonly newestFirst: readonly RetentionPoint[]
  /** Those that can take a place of the policy: not failed, not suspicious, not dated in the future. */
  readonly competing: readonly RetentionPoint[]
}

export interface Timeline {
  readonly newestFirst: readonly RetentionPoint[]
  readonly groups: readonly PointGroup[]
  isFuture(point: RetentionPoint): boolean
  /** A point that others may be deleted in favour of. */
  isGood(point: RetentionPoint): boolean
}

/** Points in the order of the chain. Equal sequences (two hosts) are ordered by instant, then id, so that the order is always the same. */
export function timelineOf(points: readonly RetentionPoint[], now: Date): Timeline {
  const newestFirst = points.toSorted(
    (left, right) =>
      right.sequence - left.sequence || right.startedAt.getTime() - left.startedAt.getTime() || (left.id < right.id ? 1 : -1),
  )
  const isFuture = (point: RetentionPoint): boolean => point.startedAt.getTime() > now.getTime()
  const competes = (point: RetentionPoint): boolean => !point.failed && !point.suspicious && !isFuture(point)
  const groups = [...Map.groupBy(newestFirst, (point) => point.group)].map(([name, members]) => ({
    name,
    newestFirst: members,
    competing: members.filter(competes),
  }))
  return { newestFirst, groups, isFuture, isGood: (point) => point.proven && competes(point) }
}
