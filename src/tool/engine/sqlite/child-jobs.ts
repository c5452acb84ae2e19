import { statSync } from "node:fs"
import { backup, type DatabaseSync } from "node:sqlite"
import { checkHeader, failureOf, NotADatabase, openReadOnly, openOwn } from "./child-open.ts"
import { describe } from "./describe.ts"
import type { Answer, Job } from "./job.ts"
import { readRows } from "./read-rows.ts"
import { keepOnly, replaceTables } from "./replace-tables.ts"
import { texts } from "./rows.ts"

/** Pages of one `backup()` step: all of them. In several steps it starts again whenever someone writes, and may never end. */
const ALL_PAGES = 0x7fffffff
const SQLITE_ERROR = 1

/** Does one job; whatever SQLite says against it is an answer too, only a bug throws. */
export async function runJob(job: Job): Promise<Answer> {
  try {
    checkHeader(job.path)
    return await jobs[job.kind](job)
  } catch (thrown) {
    return failureOf(thrown)
  }
}

const jobs = {
  capture: async (job: Job): Promise<Answer> => (job.kind === "capture" ? await capture(job) : wrongJob(job)),
  facts: async (job: Job): Promise<Answer> => (job.kind === "facts" ? facts(job) : wrongJob(job)),
  query: async (job: Job): Promise<Answer> => (job.kind === "query" ? query(job) : wrongJob(job)),
  inspect: async (job: Job): Promise<Answer> => inspect(job),
  dress: async (job: Job): Promise<Answer> => (job.kind === "dress" ? dress(job) : wrongJob(job)),
  "settle-copy": async (job: Job): Promise<Answer> => settleCopy(job),
  "replace-tables": async (job: Job): Promise<Answer> =>
    job.kind === "replace-tables" ? replaceTables(job.path, job.from, job.tables, job.busyTimeoutMs) : wrongJob(job),
  "keep-only": async (job: Job): Promise<Answer> =>
    job.kind === "keep-only" ? keepOnly(job.path, job.tables, job.busyTimeoutMs) : wrongJob(job),
  "read-rows": async (job: Job): Promise<Answer> => {
    if (job.kind !== "read-rows") return wrongJob(job)
    readRows(job.path, job.target, job.busyTimeoutMs)
    return { kind: "done" }
  },
}

function wrongJob(job: Job): never {
  throw new Error(`job ${job.kind} reached the wrong hands`)
}

async function capture(job: Extract<Job, { kind: "capture" }>): Promise<Answer> {
  const { access, journalMode } = await copyOut(job)
  const copy = openReadOnly(job.target, job.busyTimeoutMs)
  try {
    const description = describe(copy, job.schema, true)
    // The journal mode is the source's: a vacuumed copy is never in WAL mode.
    return { kind: "capture", access, description: { ...description, pragmas: { ...description.pragmas, journal_mode: journalMode } } }
  } finally {
    copy.close()
  }
}

async function copyOut(job: Extract<Job, { kind: "capture" }>): Promise<{ access: "vacuum-into" | "backup"; journalMode: string }> {
  const source = openReadOnly(job.path, job.busyTimeoutMs)
  try {
    const journalMode = texts(source, "PRAGMA journal_mode")[0]?.[0] ?? "delete"
    return { access: vacuumInto(source, job.target) ? "vacuum-into" : await backUp(source, job.target), journalMode }
  } finally {
    source.close()
  }
}

/** False when the schema needs something that only the app has: a collation, a function, a module. */
function vacuumInto(source: DatabaseSync, target: string): boolean {
  try {
    source.prepare("VACUUM INTO ?").run(target)
    return true
  } catch (thrown) {
    const failure = failureOf(thrown)
    if (failure.resultCode !== null && (failure.resultCode & 0xff) === SQLITE_ERROR) return false
    throw thrown
  }
}

async function backUp(source: DatabaseSync, target: string): Promise<"backup"> {
  // The target may exist: VACUUM INTO leaves an unfinished one behind when it fails.
  await backup(source, target, { rate: ALL_PAGES })
  return "backup"
}

function facts(job: Extract<Job, { kind: "facts" }>): Answer {
  const database = openReadOnly(job.path, job.busyTimeoutMs)
  try {
    database.exec("BEGIN")
    return { kind: "facts", description: describe(database, job.schema, job.integrity) }
  } finally {
    database.close()
  }
}

function query(job: Extract<Job, { kind: "query" }>): Answer {
  const database = openReadOnly(job.path, job.busyTimeoutMs)
  try {
    return { kind: "query", rows: texts(database, job.sql) }
  } catch (thrown) {
    const failure = failureOf(thrown)
    return failure.failure === "other" ? { ...failure, failure: "query" } : failure
  } finally {
    database.close()
  }
}

function inspect(job: Job): Answer {
  const database = openReadOnly(job.path, job.busyTimeoutMs)
  try {
    const engineVersion = texts(database, "SELECT sqlite_version()")[0]?.[0] ?? ""
    const pages = Number(texts(database, "PRAGMA page_count")[0]?.[0])
    return { kind: "inspect", engineVersion, sizeBytes: pages * Number(texts(database, "PRAGMA page_size")[0]?.[0]) }
  } finally {
    database.close()
  }
}

/** Values that a copy may lack; names are a closed list because a PRAGMA takes no parameters. */
function dress(job: Extract<Job, { kind: "dress" }>): Answer {
  const database = openOwn(job.path, job.busyTimeoutMs)
  try {
    for (const name of ["user_version", "application_id"]) setNumber(database, name, job.pragmas[name])
    if (job.pragmas["journal_mode"] === "wal") database.exec("PRAGMA journal_mode = wal")
    return { kind: "done" }
  } finally {
    database.close()
  }
}

function setNumber(database: DatabaseSync, name: string, value: string | undefined): void {
  if (value === undefined || texts(database, `PRAGMA ${name}`)[0]?.[0] === value) return
  if (!/^-?\d{1,11}$/.test(value)) throw new NotADatabase(`recorded ${name} is not a number`)
  database.exec(`PRAGMA ${name} = ${value}`)
}

function settleCopy(job: Job): Answer {
  const database = openOwn(job.path, job.busyTimeoutMs)
  try {
    // The first read replays or rolls back; the checkpoint makes the main file whole.
    texts(database, "SELECT count(*) FROM sqlite_schema")
    texts(database, "PRAGMA wal_checkpoint(TRUNCATE)")
  } finally {
    database.close()
  }
  if (statSync(job.path).size === 0) throw new NotADatabase("the database is empty after its journal was settled")
  return { kind: "done" }
}
