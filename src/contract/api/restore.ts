/** Restore and undo: a plan is made and shown, then confirmed by the app's name and a fresh second factor, then done. */
import { z } from "zod"
import { count, instant } from "./shapes.ts"

/** POST /apps/:app/points/:point/restore-plan */
export const restorePlanBody = z.object({
  /** Kinds (`database`, `files`, `secrets`) or part names; null: databases, files and secrets. */
  only: z.array(z.string()).min(1).nullable().default(null),
  /** Only the rows of these tables (`public.users`), in databases that otherwise stay as they are; empty: whole parts. */
  tables: z.array(z.string().min(1).max(200)).max(1000).default([]),
  vault: z.string().nullable().default(null),
  /** Not together with `tables`. */
  withImages: z.boolean().default(false),
  /** Skip reading a point that was never read back. */
  unproven: z.boolean().default(false),
})

export const restorePlan = z.object({
  /** Taken by POST …/restore, by the same account, until `expiresAt`. */
  planId: z.string(),
  expiresAt: instant,
  app: z.string(),
  point: z.string(),
  vault: z.string(),
  takenAt: instant,
  /** Null: it is read back before anything is touched, unless `unproven`. */
  proof: z.string().nullable(),
  /** Whether a point without proof is restored without being read first. */
  unproven: z.boolean(),
  replaces: z.array(z.object({ part: z.string(), target: z.string(), sizeBytes: count })),
  /** Where only tables are restored: their rows now and in the point, and other tables with a foreign key to them. */
  tables: z.array(
    z.object({ database: z.string(), table: z.string(), rowsNow: count, rowsInPoint: count, referredBy: z.array(z.string()) }),
  ),
  stops: z.array(z.string()),
  /** Rows written since the point, which the restored state will not have. */
  rowsLost: z.array(z.object({ database: z.string(), table: z.string(), rows: count })),
  space: z.array(z.object({ where: z.string(), neededBytes: count, freeBytes: count })),
  expectedMs: count.nullable(),
  keptForMs: count,
  warnings: z.array(z.string()),
  /** All of it for people, one line each. */
  lines: z.array(z.string()),
})

/** POST /apps/:app/points/:point/restore (fresh second factor) → 202; `confirm` is the app's name. */
export const restoreBody = z.object({ planId: z.string(), confirm: z.string() })

/** POST /operations/:id/undo-plan */
export const undoPlan = z.object({
  planId: z.string(),
  expiresAt: instant,
  app: z.string(),
  undoes: z.string(),
  /** The point that had been restored. */
  point: z.string(),
  keptUntil: instant,
  lines: z.array(z.string()),
})

/** POST /operations/:id/undo (fresh second factor) → 202; `confirm` is the app's name. */
export const undoBody = z.object({ planId: z.string(), confirm: z.string() })

export type RestorePlanBody = z.input<typeof restorePlanBody>
export type RestorePlan = z.infer<typeof restorePlan>
export type RestoreBody = z.infer<typeof restoreBody>
export type UndoPlan = z.infer<typeof undoPlan>
export type UndoBody = z.infer<typeof undoBody>
