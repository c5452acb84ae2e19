/** Schedules and drills of one app, as they stand in the settings file; editing keeps the file's comments. */
import { z } from "zod"
import { notifyTargets, notifyTargetsBody } from "./notify-targets.ts"
import { count, instant, keep, slot } from "./shapes.ts"

/** A settings file: what `If-Match` has to name, and whether it can be written. */
export const settingsFile = z.object({
  path: z.string().nullable(),
  /** Of its content, to be sent as `If-Match: "<digest>"`. */
  digest: z.string().nullable(),
  writable: z.boolean(),
  /** Why it cannot be written; null when it can. */
  why: z.string().nullable(),
})

export const schedule = z.object({
  name: z.string(),
  kind: z.enum(["backup", "drill"]),
  cron: z.string(),
  timezone: z.string(),
  enabled: z.boolean(),
  vault: z.string().nullable(),
  /** Of a backup. */
  copies: z.array(z.string()),
  /** Of a backup; null: the usual one. */
  keep: keep.nullable(),
  cold: z.boolean(),
  only: z.array(z.string()).nullable(),
  onChange: z.boolean(),
  /** Of a drill. */
  level: z.enum(["restored", "booted"]).nullable(),
  /** Who is told of it beside those of its app and of everything; null: nobody, or it is not for you to know. */
  notify: notifyTargets.nullable(),
})

/** GET /apps/:app/schedules */
export const schedulesPage = z.object({
  app: z.string(),
  file: settingsFile,
  schedules: z.array(schedule.extend({ nextRuns: z.array(instant), lastSlot: slot.nullable() })),
  vaults: z.array(z.string()),
  parts: z.array(z.string()),
})

/**
 * PUT /apps/:app/schedules/:name with `If-Match`. What is left out of the body is not changed where the schedule is there already;
 * `null` takes it out of the file.
 */
export const scheduleBody = z.object({
  kind: z.enum(["backup", "drill"]),
  cron: z.string().max(100),
  timezone: z.string().max(100).optional(),
  enabled: z.boolean().optional(),
  vault: z.string().nullable().optional(),
  copies: z.array(z.string()).optional(),
  keep: keep.nullable().optional(),
  cold: z.boolean().optional(),
  only: z.array(z.string()).min(1).nullable().optional(),
  onChange: z.boolean().optional(),
  level: z.enum(["restored", "booted"]).optional(),
  /** For an owner alone: an address that is written to can itself be a secret. */
  notify: notifyTargetsBody.nullable().optional(),
})

/** The new digest after PUT and DELETE (`?kind=backup|drill`). */
export const scheduleSaved = z.object({ app: z.string(), name: z.string(), digest: z.string() })

/**
 * `details` of the 409 `SETTINGS_CHANGED`: what somebody else changed meanwhile, line by line (`-` was, `+` is), and the present digest. Without lines for whoever is
 * no owner: they may be of anything in the file.
 */
export const settingsConflict = z.object({ digest: z.string(), difference: z.array(z.string()) })

/** POST /schedule-preview; 422 says why a pattern or a timezone cannot be used. */
export const schedulePreviewBody = z.object({
  cron: z.string().max(100),
  timezone: z.string().max(100).default("UTC"),
  keep: keep.nullable().default(null),
})
export const schedulePreview = z.object({
  /** The next ten. */
  runs: z.array(instant),
  /** What would be there after a year of runs, newest first; null without `keep`. */
  kept: z.object({ points: count, entries: z.array(z.object({ at: instant, why: z.array(z.string()) })) }).nullable(),
})

export type SettingsFile = z.infer<typeof settingsFile>
export type Schedule = z.infer<typeof schedule>
export type SchedulesPage = z.infer<typeof schedulesPage>
export type ScheduleBody = z.infer<typeof scheduleBody>
export type ScheduleSaved = z.infer<typeof scheduleSaved>
export type SettingsConflict = z.infer<typeof settingsConflict>
export type SchedulePreviewBody = z.input<typeof schedulePreviewBody>
export type SchedulePreview = z.infer<typeof schedulePreview>
