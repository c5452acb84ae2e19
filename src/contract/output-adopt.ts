/** The documents of `adopt`. The rules of `output.ts` hold. */
import { z } from "zod"

const count = z.number().int().nonnegative()
const check = z.object({ name: z.string(), expected: z.string(), found: z.string(), good: z.boolean() })
const image = z.object({ repository: z.string(), digest: z.string(), tag: z.string().nullable() })

/** `adopt --plan`; exit code of ADOPT_SURPRISE when a check is not good. */
export const adoptPlanOutput = z.object({
  format: z.literal("holdfast.adopt-plan"),
  version: z.literal(1),
  app: z.string(),
  vault: z.string(),
  /** `pins`: no updater beside the app, only pinned images. */
  target: z.enum(["vendor", "holdfast", "pins"]),
  /** What the compose files define of an updater; null for `pins`. */
  startingPoint: z.enum(["not-defined", "defined", "half-defined"]).nullable(),
  running: z.string().nullable(),
  release: z.string(),
  foundIn: z.enum(["manifest", "registry", "git", "directories", "given"]),
  checks: z.array(check),
  secrets: z.array(z.object({ name: z.string(), path: z.string(), act: z.enum(["make", "mode", "make-directory", "directory-mode"]) })),
  edits: z.array(z.object({ path: z.string(), diff: z.string() })),
  /** Service → image that it is pinned to. */
  images: z.record(z.string(), image),
  /** Services that are started first, beside the app. */
  beside: z.array(z.string()),
  /** Services that are made anew. */
  anew: z.array(z.string()),
  warnings: z.array(z.string()),
})

/** `adopt` */
export const adoptOutput = z.object({
  format: z.literal("holdfast.adopt"),
  version: z.literal(1),
  operationId: z.string(),
  app: z.string(),
  target: z.string(),
  from: z.string().nullable(),
  to: z.string(),
  /** Read back to its last byte, and pinned. */
  point: z.string(),
  coldPoint: z.string().nullable(),
  downtimeMs: count,
  durationMs: count,
  warnings: z.array(z.string()),
})

/** `adopt --undo --plan` */
export const adoptUndoPlanOutput = z.object({
  format: z.literal("holdfast.adopt-undo-plan"),
  version: z.literal(1),
  app: z.string(),
  vault: z.string(),
  undoes: z.string(),
  from: z.string(),
  to: z.string().nullable(),
  files: z.array(z.object({ path: z.string(), state: z.enum(["as adopted", "changed since", "nothing kept"]) })),
  secrets: z.array(z.string()),
  services: z.array(z.string()),
  volumes: z.array(z.string()),
  databases: z.array(z.object({ database: z.string(), before: z.string().nullable(), now: z.string().nullable(), moved: z.boolean() })),
  /** The point that databases come back from; null where they stay. */
  point: z.string().nullable(),
  rowsLost: z.array(z.object({ database: z.string(), table: z.string(), rows: z.number().int() })),
  warnings: z.array(z.string()),
})

/** `adopt --undo` */
export const adoptUndoOutput = z.object({
  format: z.literal("holdfast.adopt-undo"),
  version: z.literal(1),
  operationId: z.string(),
  undone: z.string(),
  safetyPoint: z.string().nullable(),
  downtimeMs: count,
  warnings: z.array(z.string()),
})

export type AdoptPlanOutput = z.infer<typeof adoptPlanOutput>
export type AdoptOutput = z.infer<typeof adoptOutput>
export type AdoptUndoPlanOutput = z.infer<typeof adoptUndoPlanOutput>
export type AdoptUndoOutput = z.infer<typeof adoptUndoOutput>
