import { localTimeOf, type LocalTime } from "./local-time.ts"
import type { Pick, RetentionPoint } from "./point.ts"

/** Name of each bucket and the period that an instant falls into. The offset tells the hour that an autumn night has twice. */
const buckets = {
  hourly: { period: "hour", keyOf: (local: LocalTime) => `${local.date} ${local.hour}:00 ${local.offset}` },
  daily: { period: "day", keyOf: (local: LocalTime) => local.date },
  weekly: { period: "week", keyOf: (local: LocalTime) => local.isoWeek },
  monthly: { period: "month", keyOf: (local: LocalTime) => local.month },
  yearly: { period: "year", keyOf: (local: LocalTime) => local.year },
} as const

export type BucketName = keyof typeof buckets

export const bucketNames = ["hourly", "daily", "weekly", "monthly", "yearly"] as const satisfies readonly BucketName[]

/** The newest point of each of the last `count` periods that have points; periods without points use up no place. */
export function bucketPicks(newestFirst: readonly RetentionPoint[], name: BucketName, count: number, timezone: string): readonly Pick[] {
  const { period, keyOf } = buckets[name]
  const picks = new Map<string, Pick>()
  for (const point of newestFirst) {
    if (picks.size >= count) break
    const key = keyOf(localTimeOf(point.startedAt, timezone))
    if (!picks.has(key)) picks.set(key, { id: point.id, reason: { rule: name, text: `newest of the ${period} ${key}` } })
  }
  return [...picks.values()]
}
