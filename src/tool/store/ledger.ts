import { z } from "zod"
import type { Kysely } from "kysely"
import type { ProofRecord, Store } from "../../operation/ports.ts"
import { remembered } from "./remembered.ts"
import type { StoreTables } from "./schema.ts"
import { parseJson, readAs } from "./text.ts"

type Ledger = Pick<Store, "putProof" | "proofs" | "putPin" | "pins" | "putKept" | "kept" | "value" | "setValue">

const levelSchema = z.enum(["sealed", "read", "restored", "booted"])

/** What is also sealed in the vault and can be read again from there: proofs, pins, kept states; and small values. */
export function ledgerOf(db: Kysely<StoreTables>, foreignWrites: () => number | null): Ledger {
  return { ...proofsOf(db, foreignWrites), ...pinsOf(db), ...keptOf(db), ...valuesOf(db) }
}

function proofsOf(db: Kysely<StoreTables>, foreignWrites: () => number | null): Pick<Ledger, "putProof" | "proofs"> {
  const proofs = remembered<readonly ProofRecord[]>(foreignWrites)
  return {
    putProof: async (proof) => {
      const values = {
        app: proof.app,
        point: proof.point,
        vault: proof.vault,
        level: proof.level,
        at: proof.at.toISOString(),
        duration_ms: proof.durationMs,
        operation_id: proof.operationId,
        details: JSON.stringify(proof.details),
      }
      const insert = db
        .insertInto("proof")
        .values(values)
        .onConflict((conflict) => conflict.columns(["app", "point", "vault", "level", "at", "operation_id"]).doUpdateSet(values))
      await proofs.write(proof.app, async () => await insert.execute())
    },
    proofs: async (app) => await proofs.read(app, async () => Object.freeze(await readProofs(db, app))),
  }
}

async function readProofs(db: Kysely<StoreTables>, app: string): Promise<ProofRecord[]> {
  const rows = await db.selectFrom("proof").selectAll().where("app", "=", app).orderBy("at").execute()
  return rows.map((row) => ({
    app: row.app,
    point: row.point,
    vault: row.vault,
    level: readAs(levelSchema, row.level),
    at: new Date(row.at),
    durationMs: row.duration_ms,
    operationId: row.operation_id,
    // Read only by who asks: a listing of thousands of points needs none of them.
    get details() {
      return parseJson(row.details)
    },
  }))
}

function pinsOf(db: Kysely<StoreTables>): Pick<Ledger, "putPin" | "pins"> {
  return {
    putPin: async (pin) => {
      const values = { app: pin.app, point: pin.point, pinned: pin.pinned ? 1 : 0, reason: pin.reason, at: pin.at.toISOString() }
      await db
        .insertInto("pin")
        .values(values)
        .onConflict((conflict) => conflict.columns(["app", "point", "at"]).doUpdateSet(values))
        .execute()
    },
    pins: async (app) => {
      const rows = await db.selectFrom("pin").selectAll().where("app", "=", app).orderBy("at").execute()
      return rows.map((row) => ({ app: row.app, point: row.point, pinned: row.pinned !== 0, reason: row.reason, at: new Date(row.at) }))
    },
  }
}

function keptOf(db: Kysely<StoreTables>): Pick<Ledger, "putKept" | "kept"> {
  return {
    putKept: async (kept) => {
      const values = {
        operation_id: kept.operationId,
        app: kept.app,
        kept_until: kept.keptUntil.toISOString(),
        released_at: kept.releasedAt?.toISOString() ?? null,
        details: JSON.stringify(kept.details),
      }
      await db
        .insertInto("kept")
        .values(values)
        .onConflict((conflict) => conflict.column("operation_id").doUpdateSet(values))
        .execute()
    },
    kept: async (app) => {
      const rows = await db.selectFrom("kept").selectAll().where("app", "=", app).orderBy("operation_id").execute()
      return rows.map((row) => ({
        operationId: row.operation_id,
        app: row.app,
        keptUntil: new Date(row.kept_until),
        releasedAt: row.released_at === null ? null : new Date(row.released_at),
        details: parseJson(row.details),
      }))
    },
  }
}

function valuesOf(db: Kysely<StoreTables>): Pick<Ledger, "value" | "setValue"> {
  return {
    value: async (key) => {
      const row = await db.selectFrom("value").select("content").where("key", "=", key).executeTakeFirst()
      return row?.content ?? null
    },
    setValue: async (key, content) => {
      await db
        .insertInto("value")
        .values({ key, content })
        .onConflict((conflict) => conflict.column("key").doUpdateSet({ content }))
        .execute()
    },
  }
}
