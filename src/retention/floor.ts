import type { Pick, RetentionPoint } from "./point.ts"
import type { PointGroup, Timeline } from "./timeline.ts"

const MIGRATION_POINTS_KEPT = 2

interface Floor {
  readonly rule: string
  readonly text: (point: RetentionPoint) => string
  readonly holds: (timeline: Timeline) => readonly RetentionPoint[]
}

/** What no policy, however small, deletes (design §8). */
const table: readonly Floor[] = [
  { rule: "newest", text: () => "the newest point", holds: (timeline) => perGroup(timeline, (group) => group.newestFirst.slice(0, 1)) },
  {
    rule: "newest-proven",
    text: () => "the newest proven point",
    holds: (timeline) => perGroup(timeline, (group) => group.competing.filter(timeline.isGood).slice(0, 1)),
  },
  { rule: "pinned", text: () => "pinned", holds: (timeline) => timeline.newestFirst.filter((point) => point.pinned) },
  {
    rule: "safety",
    text: (point) => `the safety point of operation ${point.neededBy}, which can still be undone`,
    holds: (timeline) => timeline.newestFirst.filter((point) => point.neededBy !== null),
  },
  {
    rule: "migration",
    text: () => `one of the ${MIGRATION_POINTS_KEPT} newest migration points`,
    holds: (timeline) => timeline.newestFirst.filter((point) => point.migration).slice(0, MIGRATION_POINTS_KEPT),
  },
  {
    rule: "future",
    text: () => "dated in the future: its age is not known",
    holds: (timeline) => timeline.newestFirst.filter(timeline.isFuture),
  },
  {
    rule: "suspicious",
    text: () => "suspicious: a person decides",
    holds: (timeline) => timeline.newestFirst.filter((point) => point.suspicious),
  },
  {
    rule: "nothing-better",
    text: () => "no newer point is proven and unsuspicious",
    holds: (timeline) => perGroup(timeline, (group) => withoutGoodSuccessor(group, timeline)),
  },
]

export function floors(timeline: Timeline): readonly Pick[] {
  return table.flatMap((floor) =>
    floor.holds(timeline).map((point) => ({ id: point.id, reason: { rule: floor.rule, text: floor.text(point) } })),
  )
}

function perGroup(timeline: Timeline, choose: (group: PointGroup) => readonly RetentionPoint[]): readonly RetentionPoint[] {
  return timeline.groups.flatMap(choose)
}

/** Points that nothing newer may stand in for: a good point of the same group, or a whole routine one (group `""`). */
function withoutGoodSuccessor(group: PointGroup, timeline: Timeline): readonly RetentionPoint[] {
  const newestGood = timeline.newestFirst.findIndex((point) => timeline.isGood(point) && (point.group === group.name || point.group === ""))
  if (newestGood === -1) return group.newestFirst
  return timeline.newestFirst.slice(0, newestGood).filter((point) => point.group === group.name)
}
