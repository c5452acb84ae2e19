/** Rehearsals as they are recorded with their operation, and which of them still counts. */
import { z } from "zod"
import type { Json } from "../../base/canonical-json.ts"
import type { OperationRecord } from "../../operation/ports.ts"
import type { InstallableRelease } from "../../release/installable.ts"
import { contentOf } from "../release-content.ts"
import type { Rehearsal } from "../update-plan.ts"

const count = z.number().int().nonnegative()

const schemaChangeSchema = z.object({
  from: z.string().nullable(),
  to: z.string().nullable(),
  tablesAdded: z.array(z.string()),
  tablesRemoved: z.array(z.string()),
  columnsAdded: z.array(z.string()),
  columnsRemoved: z.array(z.string()),
  rows: z.array(z.object({ table: z.string(), before: count, after: count })),
})

const rehearsalSchema = z.object({
  operationId: z.string(),
  point: z.string(),
  version: z.string(),
  passed: z.boolean(),
  why: z.string().nullable(),
  schema: schemaChangeSchema,
  startMs: count,
  cloneMs: count.optional(),
  stopMs: count.optional(),
  preFlightMs: count.nullable(),
  migrateMs: count.nullable(),
  at: z.iso.datetime(),
})

const planSchema = z.object({ images: z.array(z.string()), commands: z.json() })

/** What a rehearsal is recorded as having tried: the images by digest and the commands, whatever the release is called. */
export function triedOf(release: InstallableRelease): { readonly images: readonly string[]; readonly commands: Json } {
  const command = (of: InstallableRelease["migrate"]): Json => (of === null ? null : { service: of.service, argv: [...of.argv] })
  return { images: contentOf(release), commands: [command(release.preFlight), command(release.migrate)] }
}

export function rehearsalToJson(rehearsal: Rehearsal): Json {
  const { schema } = rehearsal
  return {
    ...rehearsal,
    schema: {
      ...schema,
      tablesAdded: [...schema.tablesAdded],
      tablesRemoved: [...schema.tablesRemoved],
      columnsAdded: [...schema.columnsAdded],
      columnsRemoved: [...schema.columnsRemoved],
      rows: schema.rows.map((row) => ({ ...row })),
    },
  }
}

type Recorded = Pick<OperationRecord, "kind" | "plan" | "result" | "outcome" | "startedAt" | "finishedAt">

/** The rehearsal that an operation came to; null for any other operation, and for one that was interrupted. */
export function recordedRehearsal(operation: Recorded, release: InstallableRelease): Rehearsal | null {
  if (operation.kind !== "rehearse" || operation.finishedAt === null) return null
  const tried = planSchema.safeParse(operation.plan)
  const rehearsal = rehearsalSchema.safeParse(operation.result)
  if (!tried.success || !rehearsal.success) return null
  if (!sameJson(tried.data, triedOf(release))) return null
  const { cloneMs, stopMs, ...rest } = rehearsal.data
  return { ...rest, ...(cloneMs === undefined ? {} : { cloneMs }), ...(stopMs === undefined ? {} : { stopMs }) }
}

function sameJson(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}

/** So long a recorded rehearsal counts, and so old the data may be on which one is done. */
export const REHEARSAL_AGE_MS = 24 * 3_600_000

/** These give the app another state than the one that was rehearsed. */
const CHANGING: ReadonlySet<OperationRecord["kind"]> = new Set(["update", "rollback", "restore", "undo", "rebuild", "adopt", "adopt-undo"])

export function changesApp(kind: OperationRecord["kind"]): boolean {
  return CHANGING.has(kind)
}

/**
 * The newest passed rehearsal of this very release that still tells what would happen: not older than `maximumAgeMs`, and nothing has
 * changed the app's schema since, as far as Holdfast did it or the schema's version tells.
 * @param operations of the app, newest first
 * @param schemaVersion what the app's database says now; null where nothing tells
 */
export function usableRehearsal(
  operations: readonly Recorded[],
  release: InstallableRelease,
  schemaVersion: string | null,
  now: Date,
  maximumAgeMs: number,
): Rehearsal | null {
  for (const operation of operations) {
    // An interrupted one may have changed something as well.
    if (changesApp(operation.kind)) return null
    const rehearsal = recordedRehearsal(operation, release)
    if (rehearsal === null) continue
    const ageMs = now.getTime() - new Date(rehearsal.at).getTime()
    const sameSchema = schemaVersion === null || rehearsal.schema.from === null || rehearsal.schema.from === schemaVersion
    return rehearsal.passed && ageMs >= 0 && ageMs <= maximumAgeMs && sameSchema ? rehearsal : null
  }
  return null
}
