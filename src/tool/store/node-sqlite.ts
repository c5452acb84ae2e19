import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"
import type { SqliteDatabase } from "kysely"
import { storeError } from "./store-error.ts"

/** How long a statement may block our event loop while another process writes; `patient-driver.ts` goes on from there. */
const BUSY_TIMEOUT_MS = 100

/** Statements kept ready. What this program asks is far fewer, but for lists of many lengths. */
const STATEMENTS = 200

type Statement = ReturnType<SqliteDatabase["prepare"]>

export interface OpenSqlite extends SqliteDatabase {
  /** Changes whenever another connection has committed to the file; null when SQLite cannot say now. */
  foreignWrites(): number | null
}

/**
 * Opens the file so that Kysely's own SQLite dialect can drive it, 0600.
 * Throws STORE_UNREADABLE when it is damaged, not a store, or not ours to open.
 */
export function openNodeSqlite(path: string): OpenSqlite {
  const attempt = <T>(action: () => T): T => {
    try {
      return action()
    } catch (thrown) {
      throw storeError(path, thrown)
    }
  }
  const database = attempt(() => openPrivately(path))
  const prepared = (sql: string): Statement => {
    const statement = attempt(() => database.prepare(immediate(sql)))
    return {
      reader: attempt(() => statement.columns().length > 0),
      all: (parameters) => attempt(() => statement.all(...parameters.map(bindable))),
      run: (parameters) => attempt(() => statement.run(...parameters.map(bindable))),
      iterate: (parameters) => attempt(() => statement.iterate(...parameters.map(bindable))),
    }
  }
  // To prepare takes longer than most statements do; SQLite prepares one again by itself when the tables change.
  const ready = new Map<string, Statement>()
  return {
    close: () => attempt(() => database.close()),
    prepare: (sql) => {
      const present = ready.get(sql)
      if (present !== undefined) return present
      if (ready.size >= STATEMENTS) ready.clear()
      const statement = prepared(sql)
      ready.set(sql, statement)
      return statement
    },
    foreignWrites: foreignWritesOf(database),
  }
}

function foreignWritesOf(database: DatabaseSync): () => number | null {
  const statement = database.prepare("PRAGMA data_version")
  return () => {
    try {
      const version = statement.get()?.["data_version"]
      return typeof version === "number" ? version : null
    } catch {
      // Whatever is wrong, the statement that follows meets it and says so.
      return null
    }
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
