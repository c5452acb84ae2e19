/** Updates of one app: what is there, a plan that is shown, then confirmed by the app's name and a fresh second factor, then done; and the way back. */
import { z } from "zod"
import { rehearsal, rollbackPlan, updateEntry, updatePlan } from "../output-update.ts"
import { listedOperation } from "./operations.ts"
import { count, instant, proofLevel } from "./shapes.ts"

const version = z.string().min(1).max(200)

/** GET /apps/:app/updates */
export const updatesPage = z.object({
  app: z.string(),
  /** Null: the settings do not say where updates come from. */
  rules: z
    .object({
      source: z.enum(["manifest", "registry", "git", "directories"]),
      url: z.string().nullable(),
      channel: z.string(),
      /** Whether releases are signed with a key that is pinned. */
      signed: z.boolean(),
      window: z.string().nullable(),
      timezone: z.string(),
      automatic: z.boolean(),
      rollbackWindowMs: count,
    })
    .nullable(),
  running: z.string().nullable(),
  /** The newest release that was found; null when nothing newer is there, or nobody looked yet. */
  latest: z.string().nullable(),
  /** On the way to it, each with what its vendor says; notes are text. */
  releases: z.array(
    z.object({ version: z.string(), foundIn: z.enum(["manifest", "registry", "git", "directories", "given"]), notes: z.string() }),
  ),
  lookedAt: instant.nullable(),
  /** Why the last search failed; null when it did not. */
  lookProblem: z.string().nullable(),
  notices: z.array(z.string()),
  /** What an update would stand on if it began now. */
  proof: z.object({ point: z.string(), level: proofLevel, at: instant, vault: z.string() }).nullable(),
  /** Of the release that comes next; null when it was not rehearsed here. */
  rehearsal: rehearsal.nullable(),
  /** The rehearsal, update or rollback that runs now. */
  operation: listedOperation.nullable(),
  /** The update that can be undone. */
  rollback: z.object({ operationId: z.string(), from: z.string(), to: z.string().nullable(), keptUntil: instant }).nullable(),
  /** Why the last window passed without the update that was there. */
  missed: z.object({ version: z.string(), at: instant, reason: z.string() }).nullable(),
  /** Newest first. */
  history: z.array(updateEntry),
})

const wanted = version.nullable().default(null)

/** What a person wants although the guard says no; the plan tells what it means, and is what is confirmed. */
const choices = {
  /** Although this release failed here before. */
  again: z.boolean().default(false),
  /** Although what runs differs from the compose file. */
  acceptDrift: z.boolean().default(false),
}

/** POST /apps/:app/update-plan. `to`: another version than the next one. */
export const updatePlanBody = z.object({ to: wanted, ...choices })

/** `plan` is null when nothing newer is there; then there is nothing to confirm. */
export const plannedUpdate = z.object({
  /** Taken by POST …/update, by the same account, until `expiresAt`. */
  planId: z.string().nullable(),
  expiresAt: instant.nullable(),
  app: z.string(),
  running: z.string().nullable(),
  plan: updatePlan.nullable(),
  /** All of it for people, one line each. */
  lines: z.array(z.string()),
})

/** POST /apps/:app/rehearse → 202 */
export const rehearseBody = z.object({ to: wanted, ...choices })

/** POST /apps/:app/update (fresh second factor) → 202; `confirm` is the app's name. */
export const updateBody = z.object({ planId: z.string(), confirm: z.string() })

/** POST /apps/:app/rollback-plan. `operation`: another update than the last one. */
export const rollbackPlanBody = z.object({ operation: z.string().max(100).nullable().default(null) })

export const plannedRollback = z.object({ planId: z.string(), expiresAt: instant, plan: rollbackPlan, lines: z.array(z.string()) })

/** POST /apps/:app/rollback (fresh second factor) → 202; `confirm` is the app's name. */
export const rollbackBody = z.object({ planId: z.string(), confirm: z.string() })

/** GET /updater/:app/status, for the app's own administration page. */
export const updaterStatus = z.object({
  app: z.string(),
  running: z.string().nullable(),
  latest: z.string().nullable(),
  /** What the vendor says of the releases on the way there: text. */
  notes: z.string(),
  channel: z.string(),
  lookedAt: instant.nullable(),
  automatic: z.boolean(),
  window: z.string().nullable(),
  /** What runs now; null when nothing does. */
  operation: z.object({ id: z.string(), kind: z.string(), startedAt: instant, step: z.string().nullable() }).nullable(),
  /** The last update or rollback that ended. */
  last: updateEntry.nullable(),
})

/** POST /updater/:app/plan. What the guard refuses is for a person to decide, not for an app. */
export const updaterPlanBody = z.object({ to: wanted })
/** POST /updater/:app/apply → 202; the plan is the confirmation. */
export const updaterApplyBody = z.object({ planId: z.string() })

export type UpdatesPage = z.infer<typeof updatesPage>
export type UpdatePlanBody = z.input<typeof updatePlanBody>
export type PlannedUpdate = z.infer<typeof plannedUpdate>
export type UpdateBody = z.input<typeof updateBody>
export type PlannedRollback = z.infer<typeof plannedRollback>
export type UpdaterStatus = z.infer<typeof updaterStatus>
