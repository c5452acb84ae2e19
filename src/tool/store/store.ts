/** The store on SQLite: leases, journal, index of points, ledgers; safe with several processes at once, every write durable when it resolves. */
import { Kysely, SqliteDialect, sql } from "kysely"
import type { Clock } from "../../base/clock.ts"
import type { HostIdentity } from "../../operation/operation.ts"
import type { Store } from "../../operation/ports.ts"
import { ledgerOf } from "./ledger.ts"
import { leasesOf } from "./leases.ts"
import { migrateStore } from "./migrate.ts"
import { openNodeSqlite } from "./node-sqlite.ts"
import { operationsOf } from "./operations.ts"
import { createPatientDriver } from "./patient-driver.ts"
import { pointsOf } from "./points.ts"
import { slotsOf } from "./slots.ts"
import type { StoreTables } from "./schema.ts"

/** Readers never wait for the writer, and every commit is on the disk when it returns. */
const PRAGMAS = ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON"] as const

/**
 * Opens the store, making it (0600) where there is none.
 * @param tools `host` tells which lease holders are dead and which leases are ours
 * Throws STORE_UNREADABLE when the file is damaged, foreign, newer than this program, or not accessible.
 */
export async function openSqliteStore(path: string, tools: { host: HostIdentity; clock: Clock }): Promise<Store> {
  const database = openNodeSqlite(path)
  const sqlite = new SqliteDialect({ database })
  const db = new Kysely<StoreTables>({
    dialect: {
      createDriver: () => createPatientDriver({ database }, tools.clock),
      createAdapter: () => sqlite.createAdapter(),
      createQueryCompiler: () => sqlite.createQueryCompiler(),
      createIntrospector: (kysely) => sqlite.createIntrospector(kysely),
    },
  })
  try {
    for (const pragma of PRAGMAS) await sql.raw(pragma).execute(db)
    await migrateStore(db, path)
  } catch (thrown) {
    await db.destroy()
    throw thrown
  }
  return {
    ...leasesOf(db, tools.host),
    ...operationsOf(db),
    ...pointsOf(db, database.foreignWrites),
    ...ledgerOf(db, database.foreignWrites),
    ...slotsOf(db),
    close: async () => await db.destroy(),
  }
}
