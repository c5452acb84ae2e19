import { sql, type Kysely } from "kysely"
import type { StoreTables } from "../schema.ts"

/** All that a listing shows, in the order it shows it: ten thousand points are listed without a look at their rows (design §14). */
export async function listingIndex(db: Kysely<StoreTables>): Promise<void> {
  await db.schema
    .createIndex("point_listing")
    .on("point")
    .columns(["app", "vault", "sequence", "id", "digest", "started_at", "summary"])
    .where(sql.ref("expired_at"), "is", null)
    .execute()
}
