import { z } from "zod"
import type { Kysely } from "kysely"
import { HoldfastError } from "../../base/errors.ts"
import type { OperationRecord, StepRecord, Store } from "../../operation/ports.ts"
import type { OperationRow, StepRow, StoreTables } from "./schema.ts"
import { parseHolder, parseJson, readAs } from "./text.ts"

type Operations = Pick<
  Store,
  "createOperation" | "beginStep" | "endStep" | "finishOperation" | "requestCancel" | "operation" | "operations"
>

const kindSchema = z.enum([
  "backup",
  "verify",
  "drill",
  "restore",
  "undo",
  "rebuild",
  "expire",
  "import",
  "export",
  "copy",
  "pin",
  "release-kept",
  "rehearse",
  "update",
  "rollback",
  "adopt",
  "adopt-undo",
])
const outcomeSchema = z.enum(["succeeded", "partial", "failed", "cancelled"]).nullable()
const stateSchema = z.enum(["started", "done", "failed"])

/** Operations and their journals. */
export function operationsOf(db: Kysely<StoreTables>): Operations {
  return { ...writing(db), ...reading(db) }
}

function writing(db: Kysely<StoreTables>): Omit<Operations, "operation" | "operations"> {
  return {
    createOperation: async (operation) => {
      await db.insertInto("operation").values(newRow(operation)).execute()
    },
    beginStep: async (operationId, step) => {
      await db
        .insertInto("step")
        .values({
          operation_id: operationId,
          position: step.index,
          name: step.name,
          state: "started",
          details: JSON.stringify(step.details),
          result: "null",
          at: step.at.toISOString(),
        })
        .execute()
    },
    endStep: async (operationId, index, state, result) => {
      await db
        .updateTable("step")
        .set({ state, result: JSON.stringify(result) })
        .where("operation_id", "=", operationId)
        .where("position", "=", index)
        .execute()
    },
    finishOperation: async (operationId, end) => {
      await db
        .updateTable("operation")
        .set({
          finished_at: end.finishedAt.toISOString(),
          outcome: end.outcome,
          error_code: end.errorCode,
          message: end.message,
          result: JSON.stringify(end.result),
        })
        .where("id", "=", operationId)
        // An end is recorded once; a late second one changes nothing.
        .where("finished_at", "is", null)
        .execute()
    },
    requestCancel: async (operationId) => {
      const change = await db.updateTable("operation").set({ cancel_requested: 1 }).where("id", "=", operationId).executeTakeFirst()
      if (change.numUpdatedRows === 0n) throw new HoldfastError("OPERATION_UNKNOWN", { what: `there is no operation ${operationId}` })
    },
  }
}

function newRow(operation: Parameters<Store["createOperation"]>[0]): OperationRow {
  return {
    id: operation.id,
    kind: operation.kind,
    app: operation.app,
    holder: JSON.stringify(operation.holder),
    plan: JSON.stringify(operation.plan),
    started_at: operation.startedAt.toISOString(),
    finished_at: null,
    outcome: null,
    error_code: null,
    message: null,
    result: "null",
    cancel_requested: 0,
  }
}

function reading(db: Kysely<StoreTables>): Pick<Operations, "operation" | "operations"> {
  return {
    operation: async (id) => {
      const row = await db.selectFrom("operation").selectAll().where("id", "=", id).executeTakeFirst()
      if (!row) return null
      return operationFrom(row, await stepsOf(db, [id]))
    },
    operations: async (filter) => {
      let query = db.selectFrom("operation").selectAll().orderBy("started_at", "desc").orderBy("id", "desc")
      if (filter.app !== undefined) query = query.where("app", "=", filter.app)
      if (filter.unfinished === true) query = query.where("finished_at", "is", null)
      if (filter.limit !== undefined) query = query.limit(filter.limit)
      const rows = await query.execute()
      const steps = await stepsOf(
        db,
        rows.map((row) => row.id),
      )
      return rows.map((row) => operationFrom(row, steps))
    },
  }
}

const IDS_PER_QUERY = 500

async function stepsOf(db: Kysely<StoreTables>, ids: readonly string[]): Promise<ReadonlyMap<string, readonly StepRow[]>> {
  const rows: StepRow[] = []
  for (let from = 0; from < ids.length; from += IDS_PER_QUERY) {
    const some = ids.slice(from, from + IDS_PER_QUERY)
    rows.push(...(await db.selectFrom("step").selectAll().where("operation_id", "in", some).orderBy("position").execute()))
  }
  return Map.groupBy(rows, (row) => row.operation_id)
}

function operationFrom(row: OperationRow, steps: ReadonlyMap<string, readonly StepRow[]>): OperationRecord {
  return {
    id: row.id,
    kind: readAs(kindSchema, row.kind),
    app: row.app,
    holder: parseHolder(row.holder),
    plan: parseJson(row.plan),
    startedAt: new Date(row.started_at),
    finishedAt: row.finished_at === null ? null : new Date(row.finished_at),
    outcome: readAs(outcomeSchema, row.outcome),
    errorCode: row.error_code,
    message: row.message,
    result: parseJson(row.result),
    cancelRequested: row.cancel_requested !== 0,
    steps: (steps.get(row.id) ?? []).map(stepFrom),
  }
}

function stepFrom(row: StepRow): StepRecord {
  return {
    index: row.position,
    name: row.name,
    state: readAs(stateSchema, row.state),
    details: parseJson(row.details),
    result: parseJson(row.result),
    at: new Date(row.at),
  }
}
