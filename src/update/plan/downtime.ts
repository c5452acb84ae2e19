/** How long the app will be away, from what was measured here; nothing is invented. Pure. */
import { z } from "zod"
import type { OperationRecord, StepRecord } from "../../operation/ports.ts"
import type { Rehearsal, UpdatePlan } from "../update-plan.ts"

/** Steps in which writers are told to stop and are waited for. */
const STOPS: ReadonlySet<string> = new Set(["stop-writers", "stop-app"])
const CLONES: ReadonlySet<string> = new Set(["clone-database"])

type Timed = Pick<OperationRecord, "kind" | "outcome" | "finishedAt" | "result"> & {
  readonly steps: readonly Pick<StepRecord, "name" | "state" | "at">[]
}

export interface DowntimeFacts {
  /** Of the app, newest first. */
  readonly operations: readonly Timed[]
  /** What stopping may take where it was never measured, neither live nor in a rehearsal: then containers are killed. */
  readonly graceMs: number
  readonly databases: readonly (Pick<UpdatePlan["databases"][number], "way"> & {
    /** How long the capture for the newest point took. */
    readonly captureMs: number | null
  })[]
  readonly rehearsal: Rehearsal | null
}

/**
 * Stopping, copying the databases, migrating and starting, each as it was last measured here. Without a rehearsal, what the last update
 * took; null when neither is known.
 */
export function predictDowntime(facts: DowntimeFacts): number | null {
  const { rehearsal, operations } = facts
  if (rehearsal === null || !rehearsal.passed) return lastDowntime(operations)
  const copyMs = copyTime(facts)
  if (copyMs === null) return null
  const stopMs = lastTime(operations, STOPS) ?? rehearsal.stopMs ?? facts.graceMs
  return Math.round(stopMs + copyMs + (rehearsal.migrateMs ?? 0) + rehearsal.startMs)
}

function copyTime({ databases, rehearsal, operations }: DowntimeFacts): number | null {
  const captures = databases.filter(({ way }) => way !== "clone").map(({ captureMs }) => captureMs)
  const clones = databases.some(({ way }) => way === "clone") ? (rehearsal?.cloneMs ?? lastTime(operations, CLONES)) : 0
  return [clones, ...captures].reduce<number | null>((sum, one) => (sum === null || one === null ? null : sum + one), 0)
}

/** All such steps of the newest run that has one and finished it, together. A step lasts until the next one begins. */
function lastTime(operations: readonly Timed[], names: ReadonlySet<string>): number | null {
  for (const { steps, finishedAt } of operations) {
    const durations = steps.flatMap((step, index) => {
      const endedAt = steps[index + 1]?.at ?? finishedAt
      return names.has(step.name) && step.state === "done" && endedAt !== null ? [endedAt.getTime() - step.at.getTime()] : []
    })
    if (durations.length > 0) return durations.reduce((sum, one) => sum + one, 0)
  }
  return null
}

const applied = z.object({ outcome: z.literal("applied"), downtimeMs: z.number().int().nonnegative() })

function lastDowntime(operations: readonly Timed[]): number | null {
  for (const { kind, result } of operations) {
    const read = kind === "update" ? applied.safeParse(result) : null
    if (read?.success === true) return read.data.downtimeMs
  }
  return null
}
