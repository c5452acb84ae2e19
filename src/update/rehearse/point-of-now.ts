/** Which point holds an app as it is now, so that what does well on a copy of it does well live. Pure. */
import type { App } from "../../app/app.ts"
import { formatDuration } from "../../base/units.ts"
import type { OperationRecord } from "../../operation/ports.ts"
import { coverageOf } from "../../posture/coverage.ts"
import { changesApp } from "./rehearsal-record.ts"

export interface PointFacts {
  readonly id: string
  readonly startedAt: Date
  readonly parts: readonly string[]
  /** Its last check found damage. */
  readonly damaged: boolean
}

export interface AppNow {
  readonly app: App
  /** Of the app, without the one that asks. */
  readonly operations: readonly Pick<OperationRecord, "kind" | "finishedAt">[]
  /** Of its compose files, settings and secrets; null where it has none. */
  readonly configurationChangedAt: Date | null
  readonly now: Date
}

export type PointOfNow = { readonly id: string } | { readonly id: null; readonly why: string }

/**
 * The newest whole point, if nothing has made the app another since; else why it has to be captured once more.
 * @param points oldest first
 * @param maximumAgeMs of the data on which a rehearsal still tells something
 */
export function pointOfNow(points: readonly PointFacts[], now: AppNow, maximumAgeMs: number): PointOfNow {
  const newest = points.findLast((point) => !point.damaged && coverageOf(now.app, point).length === 0)
  if (newest === undefined) return { id: null, why: "none holds all of it" }
  const why = whyNotOfNow(newest, now, maximumAgeMs)
  return why === null ? { id: newest.id } : { id: null, why: `${newest.id} ${why}` }
}

function whyNotOfNow(point: PointFacts, { operations, configurationChangedAt, now }: AppNow, maximumAgeMs: number): string | null {
  const ageMs = now.getTime() - point.startedAt.getTime()
  if (ageMs < 0) return "is dated in the future"
  if (ageMs > maximumAgeMs) return `is ${formatDuration(ageMs)} old`
  const changed = operations.find(({ kind, finishedAt }) => changesApp(kind) && (finishedAt === null || finishedAt > point.startedAt))
  if (changed !== undefined) return `is from before the last ${changed.kind}`
  if (configurationChangedAt !== null && configurationChangedAt > point.startedAt)
    return "is from before the last change of compose files, settings or secrets"
  return null
}
