/** Documents about single points: `show`, `pin`, `files`, `compare`. The rules of `output.ts` hold. */
import { z } from "zod"
import type { Json } from "../base/canonical-json.ts"

const json: z.ZodType<Json> = z.json()
const instant = z.iso.datetime()
const count = z.number().int().nonnegative()

const proof = z.object({
  level: z.enum(["sealed", "read", "restored", "booted"]),
  vault: z.string(),
  at: instant,
  durationMs: count,
  operationId: z.string(),
  details: json,
})

/** `show` */
export const showOutput = z.object({
  format: z.literal("holdfast.show"),
  version: z.literal(1),
  app: z.string(),
  vault: z.string(),
  id: z.string(),
  digest: z.string(),
  pinned: z.boolean(),
  pinReason: z.string().nullable(),
  proofs: z.array(proof),
  /** The manifest as it was sealed; its own schema and version are inside. */
  manifest: json,
})

/** `pin` and `unpin` */
export const pinOutput = z.object({
  format: z.literal("holdfast.pin"),
  version: z.literal(1),
  app: z.string(),
  vault: z.string(),
  id: z.string(),
  pinned: z.boolean(),
  reason: z.string().nullable(),
})

/** `files` */
export const filesOutput = z.object({
  format: z.literal("holdfast.files"),
  version: z.literal(1),
  app: z.string(),
  id: z.string(),
  part: z.string(),
  entries: z.array(
    z.object({
      path: z.string(),
      kind: z.enum(["file", "dir", "symlink", "fifo", "socket", "dev", "chardev"]),
      sizeBytes: count,
      mode: count,
      uid: count,
      gid: count,
      modifiedAt: instant,
    }),
  ),
})

/** `compare`: what the facts of two points say; null where one of them does not have it. */
export const compareOutput = z.object({
  format: z.literal("holdfast.compare"),
  version: z.literal(1),
  app: z.string(),
  from: z.string(),
  to: z.string(),
  appVersion: z.object({ from: z.string().nullable(), to: z.string().nullable() }),
  parts: z.array(
    z.object({
      part: z.string(),
      /** Whether both hold the very same content (equal tree ids). */
      same: z.boolean(),
      sizeBytes: z.object({ from: count.nullable(), to: count.nullable() }),
      files: z.object({ from: count.nullable(), to: count.nullable() }),
      schemaVersion: z.object({ from: z.string().nullable(), to: z.string().nullable() }),
      /** Tables whose row counts differ. */
      rows: z.array(z.object({ table: z.string(), from: count.nullable(), to: count.nullable() })),
    }),
  ),
})

/** `snapshot list`: points, and files that chatalot-snapshot left. */
export const snapshotsOutput = z.object({
  format: z.literal("holdfast.snapshots"),
  version: z.literal(1),
  app: z.string(),
  /** Where the files lie; null where there is no such directory. */
  directory: z.string().nullable(),
  windowMs: count,
  snapshots: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(["point", "file"]),
      /** The point, or the one that was made of the file; null until it is verified or restored. */
      point: z.string().nullable(),
      path: z.string().nullable(),
      label: z.string().nullable(),
      version: z.string().nullable(),
      sizeBytes: count,
      takenAt: instant,
      /** False when it is older than the rollback window; it is kept all the same. */
      withinWindow: z.boolean(),
      proof: z.enum(["sealed", "read", "restored", "booted"]).nullable(),
    }),
  ),
})

/** `salvage` */
export const salvageOutput = z.object({
  format: z.literal("holdfast.salvage"),
  version: z.literal(1),
  file: z.string(),
  salvaged: z.string(),
  /** `whole`: nothing was damaged once the log was replayed; `recovered`: rows were read page by page. */
  method: z.enum(["whole", "recovered"]),
  logBytes: count,
  damage: z.array(z.string()),
  tables: z.array(z.object({ table: z.string(), rows: count, lastGood: count.nullable() })),
  /** Rows whose table could not be told. */
  lostAndFound: count,
  /** The point whose rows `lastGood` are; null without `--app`. */
  comparedWith: z.string().nullable(),
  warnings: z.array(z.string()),
})

export type ShowOutput = z.infer<typeof showOutput>
export type PinOutput = z.infer<typeof pinOutput>
export type FilesOutput = z.infer<typeof filesOutput>
export type CompareOutput = z.infer<typeof compareOutput>
export type SnapshotsOutput = z.infer<typeof snapshotsOutput>
export type SalvageOutput = z.infer<typeof salvageOutput>
