import { closeSync, openSync, readSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { messageOf } from "../../../base/errors.ts"
import { MAGIC, type Failure } from "./job.ts"
import { texts } from "./rows.ts"

/** Thrown for a file that is no SQLite database; the answer says so. */
export class NotADatabase extends Error {}

/** Recognises empty, encrypted and foreign files before SQLite would take an empty one for a new database. */
export function checkHeader(path: string): void {
  const head = Buffer.alloc(MAGIC.length)
  const fd = openSync(path, "r")
  try {
    const read = readSync(fd, head, 0, head.length, 0)
    if (read === 0) throw new NotADatabase("the file is empty (0 bytes)")
    if (!head.equals(MAGIC)) throw new NotADatabase("the file does not begin as a SQLite database does (encrypted, or of another program)")
  } finally {
    closeSync(fd)
  }
}

/** Never writes, never checkpoints; waits for locks at most `busyTimeoutMs`. */
export function openReadOnly(path: string, busyTimeoutMs: number): DatabaseSync {
  const database = new DatabaseSync(path, { ...OPTIONS, readOnly: true, timeout: busyTimeoutMs })
  try {
    // The file is really opened, and its WAL found, only at the first read.
    texts(database, "SELECT count(*) FROM sqlite_schema")
    return database
  } catch (thrown) {
    database.close()
    throw thrown
  }
}

/** For files of our own only. Refuses a SQLite that may lose a WAL by the reset bug (F62). */
export function openOwn(path: string, busyTimeoutMs: number): DatabaseSync {
  const database = new DatabaseSync(path, { ...OPTIONS, timeout: busyTimeoutMs })
  const version = texts(database, "SELECT sqlite_version()")[0]?.[0] ?? ""
  if (mayWrite(version)) return database
  database.close()
  throw new Error(`SQLite ${version} has the WAL-reset bug; 3.51.3 or newer is needed to write`)
}

/** Whether this SQLite library is free of the WAL-reset bug, fixed in 3.51.3. */
export function mayWrite(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number)
  return major > 3 || (major === 3 && (minor > 51 || (minor === 51 && patch >= 3)))
}

/** A schema of another program may use double-quoted literals, which Node refuses unless told. */
const OPTIONS = { enableDoubleQuotedStringLiterals: true, enableForeignKeyConstraints: false } as const

const BUSY = new Set([5, 6])
/** READONLY, CANTOPEN: side files are needed and cannot be made here, or a journal must be rolled back. */
const NEEDS_COPY = new Set([8, 14])
/** CORRUPT, CONSTRAINT (duplicates in a unique index), and a page that cannot be read. */
const DAMAGED = new Set([11, 19])
const FULL = 13
const NOT_A_DATABASE = 26

/** SQLite's result code in our words. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof NotADatabase) return { kind: "failure", failure: "not-a-database", message: thrown.message, resultCode: null }
  const resultCode = thrown instanceof Error && "errcode" in thrown && typeof thrown.errcode === "number" ? thrown.errcode : null
  return { kind: "failure", failure: kindOf(resultCode === null ? null : resultCode & 0xff), message: messageOf(thrown), resultCode }
}

function kindOf(primary: number | null): Failure["failure"] {
  if (primary === null) return "other"
  if (BUSY.has(primary)) return "busy"
  if (NEEDS_COPY.has(primary)) return "needs-copy"
  if (DAMAGED.has(primary)) return "damaged"
  if (primary === FULL) return "space"
  return primary === NOT_A_DATABASE ? "not-a-database" : "other"
}
