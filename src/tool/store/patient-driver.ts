import { SqliteDriver, type DatabaseConnection, type Driver, type SqliteDialectConfig } from "kysely"
import type { Clock } from "../../base/clock.ts"
import { HoldfastError } from "../../base/errors.ts"

const RETRY_EVERY_MS = 20
const GIVE_UP_AFTER_MS = 10_000

/**
 * Kysely's SQLite driver, patient without blocking: while another process holds the write lock, our own event loop goes on.
 * A statement that found the store busy has changed nothing, so doing it again is safe.
 */
export function createPatientDriver(config: SqliteDialectConfig, clock: Clock): Driver {
  const driver = new SqliteDriver(config)
  let patient: DatabaseConnection | null = null
  return {
    init: async () => await driver.init(),
    acquireConnection: async () => {
      patient ??= patientConnection(await driver.acquireConnection(), clock)
      return patient
    },
    beginTransaction: async (connection) => await driver.beginTransaction(connection),
    commitTransaction: async (connection) => await driver.commitTransaction(connection),
    rollbackTransaction: async (connection) => await driver.rollbackTransaction(connection),
    releaseConnection: async () => await driver.releaseConnection(),
    destroy: async () => await driver.destroy(),
  }
}

function patientConnection(connection: DatabaseConnection, clock: Clock): DatabaseConnection {
  return {
    executeQuery: async (query) => {
      const startedMs = clock.monotonicMs()
      for (;;) {
        try {
          return await connection.executeQuery(query)
        } catch (thrown) {
          if (!isBusy(thrown) || clock.monotonicMs() - startedMs > GIVE_UP_AFTER_MS) throw thrown
        }
        await clock.sleep(RETRY_EVERY_MS)
      }
    },
    streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
  }
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && thrown.details["busy"] === true
}
