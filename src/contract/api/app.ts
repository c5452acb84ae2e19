/** One app: how it stands, its schedules, how it has developed; and adding one. */
import { z } from "zod"
import { statusOutput } from "../output-posture.ts"
import { alarm } from "./overview.ts"
import { count, instant, name, proofLevel, slot } from "./shapes.ts"

/** GET /apps/:app */
export const appPage = z.object({
  status: statusOutput.shape.apps.element,
  objectives: z.object({ exposureMs: count.nullable(), recoveryTimeMs: count.nullable() }),
  schedules: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(["backup", "drill"]),
      enabled: z.boolean(),
      cron: z.string(),
      timezone: z.string(),
      nextRuns: z.array(instant),
      lastSlot: slot.nullable(),
    }),
  ),
  vaults: z.array(
    z.object({ vault: z.string(), points: count, storedBytes: count, newest: instant.nullable(), proof: proofLevel.nullable() }),
  ),
  /** Oldest first, at most the last 90 points of the app's first vault. */
  trend: z.array(
    z.object({
      point: z.string(),
      at: instant,
      sizeBytes: count,
      storedBytes: count,
      rows: count.nullable(),
      durationMs: count.nullable(),
    }),
  ),
  /** Measured by drills and restores, oldest first. */
  recoveryTimes: z.array(z.object({ point: z.string(), at: instant, level: proofLevel, durationMs: count })),
  alarms: z.array(alarm),
  /** What can be done with it: parts by name, whether a drill can boot it. */
  parts: z.array(z.string()),
  bootable: z.boolean(),
})

/** POST /apps/detect: looks, and writes nothing. `compose` is a path on the host. */
export const detectBody = z.object({
  compose: z.string().min(1).max(4096),
  recipe: z.string().max(63).nullable().default(null),
  name: name.nullable().default(null),
})

const leftOut = z.object({ what: z.string(), why: z.string() })

export const detected = z.object({
  app: z.string(),
  /** Whether the settings have an app of this name already. */
  exists: z.boolean(),
  recipe: z.string().nullable(),
  composeFiles: z.array(z.string()),
  databases: z.array(z.object({ name: z.string(), engine: z.string(), from: z.string(), why: z.string() })),
  files: z.array(z.object({ name: z.string(), from: z.string(), usedBy: z.array(z.string()) })),
  secrets: z.array(z.string()),
  health: z.string().nullable(),
  leftOut: z.array(leftOut),
  /** What will not be protected unless something is done. */
  notProtected: z.array(leftOut),
  unknown: z.array(z.string()),
  notes: z.array(z.string()),
  /** All of it for people, one line each. */
  report: z.array(z.string()),
  /** The app's block of the settings file, as it would be written; may be edited and sent to POST /apps. */
  text: z.string(),
  /** The settings file that it goes into, and its digest for `If-Match`. */
  file: z.string(),
  digest: z.string().nullable(),
  /** Apps, recipes and vaults to choose from. */
  recipes: z.array(z.string()),
  vaults: z.array(z.string()),
})

/** POST /apps with `If-Match`: `text` is the app's own block (what stands below its name), YAML. */
export const addAppBody = z.object({ app: name, text: z.string().min(1).max(100_000) })
export const addedApp = z.object({ app: z.string(), file: z.string(), digest: z.string() })

export type AppPage = z.infer<typeof appPage>
export type DetectBody = z.input<typeof detectBody>
export type Detected = z.infer<typeof detected>
export type AddAppBody = z.infer<typeof addAppBody>
export type AddedApp = z.infer<typeof addedApp>
