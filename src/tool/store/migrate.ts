import { sql, type Kysely } from "kysely"
import { HoldfastError } from "../../base/errors.ts"
import { foundingTables } from "./migration/0001-founding-tables.ts"
import { slotsAndAlarms } from "./migration/0002-slots-and-alarms.ts"
import { listingIndex } from "./migration/0003-listing-index.ts"
import type { StoreTables } from "./schema.ts"

type Migration = (db: Kysely<StoreTables>) => Promise<void>

/** In order, never changed once released; the store's version is how many of them it has seen. */
const migrations: readonly Migration[] = [foundingTables, slotsAndAlarms, listingIndex]

/**
 * The oldest program, by the migrations that it knows, that can work with the tables that the newest one makes. A migration that only adds
 * leaves it as it is, so that a Holdfast whose update was taken back goes on with its store (design §10); another raises it.
 */
const READABLE_BY = 2

/**
 * Brings the tables up to this program's version, in one transaction that excludes other processes.
 * Throws STORE_UNREADABLE for a store that a newer Holdfast has written so that this one cannot work with it.
 */
export async function migrateStore(db: Kysely<StoreTables>, path: string): Promise<void> {
  if ((await versionOf(db)) === migrations.length || (await isReadable(db))) return
  await db.transaction().execute(async (transaction) => {
    const version = await versionOf(transaction)
    if (version > migrations.length) throw tooNew(path, version)
    for (const migration of migrations.slice(version)) await migration(transaction)
    // A pragma takes no parameters; the numbers are our own.
    await sql.raw(`PRAGMA user_version = ${migrations.length}`).execute(transaction)
    await sql.raw(`PRAGMA application_id = ${READABLE_BY}`).execute(transaction)
  })
}

async function versionOf(db: Kysely<StoreTables>): Promise<number> {
  const answer = await sql<{ user_version: number }>`PRAGMA user_version`.execute(db)
  return answer.rows[0]?.user_version ?? 0
}

/** Whether it is a newer one that says that this program may work with it; one of before that rule says 0. */
async function isReadable(db: Kysely<StoreTables>): Promise<boolean> {
  if ((await versionOf(db)) <= migrations.length) return false
  const answer = await sql<{ application_id: number }>`PRAGMA application_id`.execute(db)
  const readableBy = answer.rows[0]?.application_id ?? 0
  return readableBy > 0 && readableBy <= migrations.length
}

function tooNew(path: string, version: number): HoldfastError {
  return new HoldfastError("STORE_UNREADABLE", {
    what: `the store ${path} was written by a newer Holdfast`,
    why: `it has version ${version}, this program knows ${migrations.length}`,
    hint: "Run the newer Holdfast, or move the store aside; it is rebuilt from the vault by the next command.",
  })
}
