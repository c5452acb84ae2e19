import { z } from "zod"
import type { UpdateEntry } from "../../contract/output-update.ts"
import type { HostIdentity } from "../../operation/operation.ts"
import type { OperationRecord, Store } from "../../operation/ports.ts"

type Kind = UpdateEntry["kind"]

const KINDS: readonly string[] = ["rehearse", "update", "rollback"] satisfies readonly Kind[]

/** A version alone, or whatever has one. */
const version = z
  .union([z.string(), z.object({ version: z.string().nullable() }).transform((one) => one.version)])
  .nullable()
  .catch(null)
const planSchema = z.object({ from: version, to: version, version }).catch({ from: null, to: null, version: null })
const nothing = { outcome: null, why: null, passed: null, downtimeMs: null, predictedDowntimeMs: null, keptUntil: null }
const measured = z.number().int().nonnegative().nullable().catch(null)
const resultSchema = z
  .object({
    outcome: z.string().nullable().catch(null),
    why: z.string().nullable().catch(null),
    passed: z.boolean().nullable().catch(null),
    downtimeMs: measured,
    predictedDowntimeMs: measured,
    keptUntil: z.iso.datetime().nullable().catch(null),
  })
  .catch(nothing)

/** Rehearsals, updates and rollbacks of one app, newest first. Read leniently: an entry of an older version of this program is still an entry. */
export async function updateHistory(store: Store, host: HostIdentity, app: string, limit: number): Promise<readonly UpdateEntry[]> {
  const records = await store.operations({ app })
  return records
    .filter(({ kind }) => KINDS.includes(kind))
    .slice(0, limit)
    .map((record) => updateEntryOf(record, host))
}

export function updateEntryOf(record: OperationRecord, host: HostIdentity): UpdateEntry {
  const plan = planSchema.parse(record.plan)
  const result = resultSchema.parse(record.result)
  return {
    operationId: record.id,
    kind: kindOf(record),
    from: plan.from,
    to: plan.to ?? plan.version,
    outcome: outcomeOf(record, result, host),
    why: record.outcome === "succeeded" ? result.why : (result.why ?? record.message),
    startedAt: record.startedAt.toISOString(),
    finishedAt: record.finishedAt?.toISOString() ?? null,
    downtimeMs: result.downtimeMs,
    predictedDowntimeMs: result.predictedDowntimeMs,
    keptUntil: result.keptUntil,
    by: record.holder.command,
  }
}

function kindOf({ kind }: OperationRecord): Kind {
  return kind === "update" || kind === "rollback" ? kind : "rehearse"
}

function outcomeOf(record: OperationRecord, result: z.infer<typeof resultSchema>, host: HostIdentity): UpdateEntry["outcome"] {
  if (record.finishedAt === null) return host.isAlive(record.holder) ? "running" : "interrupted"
  if (record.outcome === "cancelled") return "cancelled"
  if (record.kind === "update" && (result.outcome === "rolled back" || record.errorCode === "UPDATE_ROLLED_BACK")) return "rolled back"
  if (record.outcome !== "succeeded" || result.passed === false) return "failed"
  if (record.kind === "rehearse") return "passed"
  return record.kind === "rollback" ? "rolled back" : "applied"
}
