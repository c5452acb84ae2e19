import type { Kysely } from "kysely"
import type { StoreTables } from "../schema.ts"

/** What became of each slot of a schedule, and which alarms are open. */
export async function slotsAndAlarms(db: Kysely<StoreTables>): Promise<void> {
  await db.schema
    .createTable("slot")
    .addColumn("app", "text", (column) => column.notNull())
    .addColumn("schedule", "text", (column) => column.notNull())
    .addColumn("slot", "text", (column) => column.notNull())
    .addColumn("handled_at", "text", (column) => column.notNull())
    .addColumn("outcome", "text", (column) => column.notNull())
    .addColumn("operation_id", "text")
    .addColumn("reason", "text")
    .addColumn("missed", "integer", (column) => column.notNull())
    .addPrimaryKeyConstraint("slot_key", ["app", "schedule", "slot"])
    .execute()
  await db.schema
    .createTable("alarm")
    .addColumn("key", "text", (column) => column.primaryKey())
    .addColumn("app", "text")
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("text", "text", (column) => column.notNull())
    .addColumn("since", "text", (column) => column.notNull())
    .addColumn("told_at", "text")
    .addColumn("ended_at", "text")
    .execute()
}
