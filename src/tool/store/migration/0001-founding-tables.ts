import type { Kysely } from "kysely"
import type { StoreTables } from "../schema.ts"

/** Leases, operations with their journal, points, and what the vault's ledgers say. */
export async function foundingTables(db: Kysely<StoreTables>): Promise<void> {
  await journalTables(db)
  await pointTable(db)
  await ledgerTables(db)
}

async function journalTables(db: Kysely<StoreTables>): Promise<void> {
  await db.schema
    .createTable("lease")
    .addColumn("app", "text", (column) => column.primaryKey())
    .addColumn("operation_id", "text", (column) => column.notNull())
    .addColumn("holder", "text", (column) => column.notNull())
    .execute()
  await db.schema
    .createTable("operation")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("app", "text", (column) => column.notNull())
    .addColumn("holder", "text", (column) => column.notNull())
    .addColumn("plan", "text", (column) => column.notNull())
    .addColumn("started_at", "text", (column) => column.notNull())
    .addColumn("finished_at", "text")
    .addColumn("outcome", "text")
    .addColumn("error_code", "text")
    .addColumn("message", "text")
    .addColumn("result", "text", (column) => column.notNull())
    .addColumn("cancel_requested", "integer", (column) => column.notNull())
    .execute()
  await db.schema.createIndex("operation_by_app").on("operation").columns(["app", "started_at"]).execute()
  await db.schema.createIndex("operation_by_end").on("operation").column("finished_at").execute()
  await db.schema
    .createTable("step")
    .addColumn("operation_id", "text", (column) => column.notNull().references("operation.id"))
    .addColumn("position", "integer", (column) => column.notNull())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("details", "text", (column) => column.notNull())
    .addColumn("result", "text", (column) => column.notNull())
    .addColumn("at", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("step_key", ["operation_id", "position"])
    .execute()
}

async function pointTable(db: Kysely<StoreTables>): Promise<void> {
  await db.schema
    .createTable("point")
    .addColumn("app", "text", (column) => column.notNull())
    .addColumn("vault", "text", (column) => column.notNull())
    .addColumn("id", "text", (column) => column.notNull())
    .addColumn("sequence", "integer", (column) => column.notNull())
    .addColumn("digest", "text", (column) => column.notNull())
    .addColumn("started_at", "text", (column) => column.notNull())
    .addColumn("expired_at", "text")
    .addColumn("summary", "text", (column) => column.notNull())
    // Last, because it is large: a listing that leaves it out never reads its overflow pages.
    .addColumn("manifest", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("point_key", ["app", "vault", "id"])
    .execute()
}

async function ledgerTables(db: Kysely<StoreTables>): Promise<void> {
  await db.schema
    .createTable("proof")
    .addColumn("app", "text", (column) => column.notNull())
    .addColumn("point", "text", (column) => column.notNull())
    .addColumn("vault", "text", (column) => column.notNull())
    .addColumn("level", "text", (column) => column.notNull())
    .addColumn("at", "text", (column) => column.notNull())
    .addColumn("duration_ms", "integer", (column) => column.notNull())
    .addColumn("operation_id", "text", (column) => column.notNull())
    .addColumn("details", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("proof_key", ["app", "point", "vault", "level", "at", "operation_id"])
    .execute()
  await db.schema
    .createTable("pin")
    .addColumn("app", "text", (column) => column.notNull())
    .addColumn("point", "text", (column) => column.notNull())
    .addColumn("pinned", "integer", (column) => column.notNull())
    .addColumn("reason", "text")
    .addColumn("at", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("pin_key", ["app", "point", "at"])
    .execute()
  await db.schema
    .createTable("kept")
    .addColumn("operation_id", "text", (column) => column.primaryKey())
    .addColumn("app", "text", (column) => column.notNull())
    .addColumn("kept_until", "text", (column) => column.notNull())
    .addColumn("released_at", "text")
    .addColumn("details", "text", (column) => column.notNull())
    .execute()
  await db.schema
    .createTable("value")
    .addColumn("key", "text", (column) => column.primaryKey())
    .addColumn("content", "text", (column) => column.notNull())
    .execute()
}
