/** The store on SQLite: leases, journal, index of points, ledgers; safe with several processes at once, every write durable when it resolves. */
import { Kysely, SqliteDialect } from "kysely"
import type { HostIdentity } from "../../operation/operation.ts"
import type { Store } from "../../operation/ports.ts"
import { ledgerOf } from "./ledger.ts"
import { leasesOf } from "./leases.ts"
import { migrateStore } from "./migrate.ts"
import { openNodeSqlite } from "./node-sqlite.ts"
import { operationsOf } from "./operations.ts"
import { pointsOf } from "./points.ts"
import type { StoreTables } from "./schema.ts"

/**
 * Opens the store, making it (0600) where there is none.
 * @param host tells which lease holders are dead and which leases are ours
 * Throws STORE_UNREADABLE when the file is damaged, foreign, newer than this program, or not accessible.
 */
export async function openSqliteStore(path: string, host: HostIdentity): Promise<Store> {
  const database = openNodeSqlite(path)
  const db = new Kysely<StoreTables>({ dialect: new SqliteDialect({ database }) })
  try {
    await migrateStore(db, path)
  } catch (thrown) {
    database.close()
    throw thrown
  }
  return {
    ...leasesOf(db, host),
    ...operationsOf(db),
    ...pointsOf(db),
    ...ledgerOf(db),
    close: async () => await db.destroy(),
  }
}
