/** Recovery points of one app. `:point` is an id, the unique beginning of one, a label, or `latest`. */
import { z } from "zod"
import { compareOutput, filesOutput, pinOutput, showOutput } from "../output-points.ts"
import { count, instant, proofLevel } from "./shapes.ts"

/** Why a point is kept, or why nothing keeps it. */
export const keepReason = z.object({ rule: z.string(), text: z.string() })

export const pointCopy = z.object({
  vault: z.string(),
  storedBytes: count,
  proof: z.object({ level: proofLevel, at: instant }).nullable(),
  /** Its last check found damage. */
  damaged: z.boolean(),
})

export const point = z.object({
  id: z.string(),
  sequence: count,
  startedAt: instant,
  trigger: z.string(),
  label: z.string().nullable(),
  cold: z.boolean(),
  appVersion: z.string().nullable(),
  sizeBytes: count,
  storedBytes: count,
  warnings: count,
  parts: z.array(z.string()),
  pinned: z.boolean(),
  pinReason: z.string().nullable(),
  /** The highest proof in any vault. */
  proof: z.object({ level: proofLevel, at: instant, vault: z.string() }).nullable(),
  /** One for each vault that holds it. */
  copies: z.array(pointCopy),
  /** What the first vault's policy says of it now; null where there is no policy, or too many points to say so at once (see /retention). */
  keep: z.object({ keep: z.boolean(), reasons: z.array(keepReason) }).nullable(),
})

/** GET /apps/:app/points?limit&before&vault: newest first; `before` is the id that the last page ended with. */
export const pointsPage = z.object({ app: z.string(), total: count, points: z.array(point), more: z.boolean() })

/** GET /apps/:app/points/:point?vault= */
export const pointPage = z.object({
  show: showOutput,
  /** Each part in words. */
  parts: z.array(
    z.object({
      part: z.string(),
      kind: z.string(),
      what: z.string(),
      sizeBytes: count,
      storedBytes: count,
      /** Whether a restore brings it back without being asked. */
      byDefault: z.boolean(),
      /** Whether its files can be browsed and downloaded. */
      browsable: z.boolean(),
      /** Of a database: those that can be restored alone. */
      tables: z.array(z.string()),
    }),
  ),
  copies: z.array(pointCopy),
})

/** POST …/pin and …/unpin */
export const pinBody = z.object({ reason: z.string().max(500).nullable().default(null), vault: z.string().nullable().default(null) })
export const pinned = pinOutput

/** POST /apps/:app/backup */
export const backupBody = z.object({
  label: z.string().max(200).nullable().default(null),
  cold: z.boolean().default(false),
  only: z.array(z.string()).min(1).nullable().default(null),
  acceptCollapse: z.boolean().default(false),
  vault: z.string().nullable().default(null),
})

/** POST …/verify; `vault` null: the app's first. */
export const verifyBody = z.object({ vault: z.string().nullable().default(null), level: z.enum(["sealed", "read"]).default("read") })

/** POST …/drill; `level` null: as far as this app can go. */
export const drillBody = z.object({
  vault: z.string().nullable().default(null),
  level: z.enum(["restored", "booted"]).nullable().default(null),
})

/** GET /apps/:app/compare?from&to&vault */
export const compared = compareOutput

/** GET …/files?part&path&vault: what lies directly in `path`, folders first; at most 5000. */
export const filesPage = filesOutput.extend({ path: z.string(), more: z.boolean() })

/** GET …/download?part&path&vault answers with the file's bytes as an attachment. */

/** POST /apps/:app/copy */
export const copyBody = z.object({
  /** Null: every further vault of the app. */
  to: z.array(z.string()).min(1).nullable().default(null),
  from: z.string().nullable().default(null),
})

export type KeepReason = z.infer<typeof keepReason>
export type PointCopy = z.infer<typeof pointCopy>
export type Point = z.infer<typeof point>
export type PointsPage = z.infer<typeof pointsPage>
export type PointPage = z.infer<typeof pointPage>
export type PinBody = z.input<typeof pinBody>
export type Pinned = z.infer<typeof pinned>
export type BackupBody = z.input<typeof backupBody>
export type VerifyBody = z.input<typeof verifyBody>
export type DrillBody = z.input<typeof drillBody>
export type Compared = z.infer<typeof compared>
export type FilesPage = z.infer<typeof filesPage>
export type CopyBody = z.input<typeof copyBody>
