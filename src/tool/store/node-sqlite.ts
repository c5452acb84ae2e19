import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"
import type { SqliteDatabase } from "kysely"
import { storeError } from "./store-error.ts"

/** How long a statement may block our event loop while another process writes; `patient-driver.ts` goes on from there. */
const BUSY_TIMEOUT_MS = 100

/**
 * Opens the file so that Kysely's own SQLite dialect can drive it, 0600.
 * Throws STORE_UNREADABLE when it is damaged, not a store, or not ours to open.
 */
export function openNodeSqlite(path: string): SqliteDatabase {
  const attempt = <T>(action: () => T): T => {
    try {
      return action()
    } catch (thrown) {
      throw storeError(path, thrown)
    }
  }
  const database = attempt(() => openPrivately(path))
  return {
    close: () => attempt(() => database.close()),
    prepare: (sql) => {
      const statement = attempt(() => database.prepare(immediate(sql)))
      return {
        reader: attempt(() => statement.columns().length > 0),
        all: (parameters) => attempt(() => statement.all(...parameters.map(bindable))),
        run: (parameters) => attempt(() => statement.run(...parameters.map(bindable))),
        iterate: (parameters) => attempt(() => statement.iterate(...parameters.map(bindable))),
      }
    },
  }
}

/** The side files of SQLite take the mode of the main file, so it is made private before SQLite sees it. */
function openPrivately(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, "a", 0o600))
  chmodSync(path, 0o600)
  return new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
}

/** A transaction that reads before it writes must hold the write lock from its start, or another process comes between. */
function immediate(sql: string): string {
  return sql === "begin" ? "begin immediate" : sql
}

function bindable(value: unknown): SQLInputValue {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "bigint") return value
  if (value instanceof Uint8Array) return value
  throw new TypeError(`the store cannot hold a ${typeof value}`)
}
