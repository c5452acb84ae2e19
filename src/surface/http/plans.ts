import { randomBytes } from "node:crypto"
import type { Clock } from "../../base/clock.ts"
import { HoldfastError } from "../../base/errors.ts"

/** What a person was shown and may confirm: kept for a while, for that person alone. */
export interface PlanShelf<Plan> {
  /** What is kept must be enough to do exactly what was shown. */
  keep(by: string, plan: Plan): { readonly planId: string; readonly expiresAt: string }
  /** Takes it out: a plan is done once. Throws PLAN_STALE for one that is over, done, or another person's. */
  take(by: string, planId: string): Plan
}

export interface PlannedRestore {
  readonly app: string
  readonly point: string
  readonly vault: string
  readonly only: readonly string[] | null
  readonly tables: readonly string[]
  readonly withImages: boolean
  readonly unproven: boolean
  /** What would be replaced, to be compared when it is done. */
  readonly replaces: string
}

export interface PlannedUndo {
  readonly app: string
  readonly operation: string
}

export interface PlannedExpire {
  readonly app: string
  readonly vault: string
  readonly acceptSmaller: boolean
  readonly generation: string
}

export interface PlannedUpdate {
  readonly app: string
  /** As it was asked for; null: the next one. */
  readonly to: string | null
  readonly again: boolean
  readonly acceptDrift: boolean
  readonly version: string
  /** What would be done, to be compared when it is done. */
  readonly fingerprint: string
}

export interface PlannedRollback {
  readonly app: string
  readonly operation: string
}

export interface Plans {
  readonly restore: PlanShelf<PlannedRestore>
  readonly undo: PlanShelf<PlannedUndo>
  readonly expire: PlanShelf<PlannedExpire>
  readonly update: PlanShelf<PlannedUpdate>
  readonly rollback: PlanShelf<PlannedRollback>
}

const LIVES_MS = 15 * 60_000
const KEPT = 1000

export function createPlans(clock: Clock): Plans {
  return { restore: shelf(clock), undo: shelf(clock), expire: shelf(clock), update: shelf(clock), rollback: shelf(clock) }
}

function shelf<Plan>(clock: Clock): PlanShelf<Plan> {
  const all = new Map<string, { readonly by: string; readonly plan: Plan; readonly expiresMs: number }>()
  return {
    keep: (by, plan) => {
      const planId = randomBytes(16).toString("hex")
      all.set(planId, { by, plan, expiresMs: clock.monotonicMs() + LIVES_MS })
      const [oldest] = all.keys()
      if (all.size > KEPT && oldest !== undefined) all.delete(oldest)
      return { planId, expiresAt: new Date(clock.now().getTime() + LIVES_MS).toISOString() }
    },
    take: (by, planId) => {
      const kept = all.get(planId)
      if (kept === undefined || kept.by !== by || kept.expiresMs < clock.monotonicMs())
        throw new HoldfastError("PLAN_STALE", { what: "this plan is over", hint: "Make the plan again, and confirm it within 15 minutes." })
      all.delete(planId)
      return kept.plan
    },
  }
}
