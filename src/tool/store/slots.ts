import type { Kysely } from "kysely"
import { z } from "zod"
import type { SlotRecord, Store } from "../../operation/ports.ts"
import type { StoreTables } from "./schema.ts"
import { readAs } from "./text.ts"

const outcomeSchema = z.enum(["succeeded", "partial", "failed", "cancelled", "running", "skipped"])
const LIST_LIMIT = 1000

/** What became of scheduled slots, and the alarms. */
export function slotsOf(db: Kysely<StoreTables>): Pick<Store, "putSlot" | "claimSlot" | "slots" | "putAlarm" | "alarms"> {
  return { ...scheduledSlots(db), ...alarmsOf(db) }
}

function slotValues(slot: SlotRecord) {
  return {
    app: slot.app,
    schedule: slot.schedule,
    slot: slot.slot.toISOString(),
    handled_at: slot.handledAt.toISOString(),
    outcome: slot.outcome,
    operation_id: slot.operationId,
    reason: slot.reason,
    missed: slot.missed,
  }
}

function scheduledSlots(db: Kysely<StoreTables>): Pick<Store, "putSlot" | "claimSlot" | "slots"> {
  return {
    putSlot: async (slot) => {
      const values = slotValues(slot)
      await db
        .insertInto("slot")
        .values(values)
        .onConflict((conflict) => conflict.columns(["app", "schedule", "slot"]).doUpdateSet(values))
        .execute()
    },
    claimSlot: async (slot) => {
      const written = await db
        .insertInto("slot")
        .values(slotValues(slot))
        .onConflict((conflict) => conflict.columns(["app", "schedule", "slot"]).doNothing())
        .executeTakeFirst()
      return (written.numInsertedOrUpdatedRows ?? 0n) > 0n
    },
    slots: async ({ app, schedule, until, limit }) => {
      let query = db.selectFrom("slot").selectAll()
      if (app !== undefined) query = query.where("app", "=", app)
      if (schedule !== undefined) query = query.where("schedule", "=", schedule)
      if (until !== undefined) query = query.where("slot", "<=", until.toISOString())
      const rows = await query
        .orderBy("slot", "desc")
        .limit(limit ?? LIST_LIMIT)
        .execute()
      return rows.map((row) => ({
        app: row.app,
        schedule: row.schedule,
        slot: new Date(row.slot),
        handledAt: new Date(row.handled_at),
        outcome: readAs(outcomeSchema, row.outcome),
        operationId: row.operation_id,
        reason: row.reason,
        missed: row.missed,
      }))
    },
  }
}

function alarmsOf(db: Kysely<StoreTables>): Pick<Store, "putAlarm" | "alarms"> {
  return {
    putAlarm: async (alarm) => {
      const values = {
        key: alarm.key,
        app: alarm.app,
        kind: alarm.kind,
        text: alarm.text,
        since: alarm.since.toISOString(),
        told_at: alarm.toldAt?.toISOString() ?? null,
        ended_at: alarm.endedAt?.toISOString() ?? null,
      }
      await db
        .insertInto("alarm")
        .values(values)
        .onConflict((conflict) => conflict.column("key").doUpdateSet(values))
        .execute()
    },
    alarms: async ({ open, limit }) => {
      let query = db.selectFrom("alarm").selectAll()
      if (open === true) query = query.where("ended_at", "is", null)
      const rows = await query
        .orderBy("since", "desc")
        .limit(limit ?? LIST_LIMIT)
        .execute()
      return rows.map((row) => ({
        key: row.key,
        app: row.app,
        kind: row.kind,
        text: row.text,
        since: new Date(row.since),
        toldAt: dateOf(row.told_at),
        endedAt: dateOf(row.ended_at),
      }))
    },
  }
}

function dateOf(text: string | null): Date | null {
  return text === null ? null : new Date(text)
}
