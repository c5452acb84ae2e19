/**
 * A small chat server that has nothing to do with Holdfast: a SQLite database in WAL mode that it keeps writing to, uploads, a secret.
 *
 *   node sample-app.ts start FOLDER      starts the writer in the background and waits until it has written
 *   node sample-app.ts stop FOLDER       ends it and waits until it is gone
 *   node sample-app.ts health FOLDER     exits 0 when it runs and all its data is well
 *   node sample-app.ts facts FOLDER [N]  prints what is there as JSON; rows counted and digested up to number N
 *   node sample-app.ts damage FOLDER     corrupts rows, deletes uploads, blanks the secret
 */
import { spawn } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as wait } from "node:timers/promises"

const [command = "", folder = "", upToText = ""] = process.argv.slice(2)
const places = {
  database: join(folder, "data/chat.db"),
  uploads: join(folder, "uploads"),
  secret: join(folder, "secrets/signing_key"),
  log: join(folder, "run/server.log"),
  processId: join(folder, "run/pid"),
  acknowledged: join(folder, "run/acknowledged"),
}

const ROW_EVERY_MS = 10
const ROWS_AT_FIRST = 2000
const UPLOADS_AT_FIRST = 40
const ROWS_PER_UPLOAD = 25
/** Nobody is left behind, whatever became of who started it. */
const LIFETIME_MS = 15 * 60_000
const READY_WITHIN_MS = 60_000
const POLL_MS = 20

const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex")
const checksum = (id: number, body: string): string => sha256(`${id}:${body}`).slice(0, 16)

function openDatabase(): DatabaseSync {
  const database = new DatabaseSync(places.database, { timeout: 10_000 })
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
  return database
}

function prepare(): void {
  for (const name of ["data", "uploads", "secrets", "run"]) mkdirSync(join(folder, name), { recursive: true, mode: 0o700 })
  if (existsSync(places.database)) return
  writeFileSync(places.secret, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600 })
  const database = openDatabase()
  database.exec(`
    CREATE TABLE message (id INTEGER PRIMARY KEY, body TEXT NOT NULL, checksum TEXT NOT NULL);
    CREATE TABLE upload (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL);
    BEGIN`)
  const insert = database.prepare("INSERT INTO message VALUES (?, ?, ?)")
  for (let id = 1; id <= ROWS_AT_FIRST; id += 1) addMessage(insert, id)
  for (let index = 0; index < UPLOADS_AT_FIRST; index += 1) addUpload(database)
  database.exec("COMMIT")
  database.close()
}

function addMessage(insert: ReturnType<DatabaseSync["prepare"]>, id: number): void {
  const body = `message ${id}: ${randomBytes(48).toString("base64")}`
  insert.run(id, body, checksum(id, body))
}

/** The file first, complete under its name, then the row that names it. */
function addUpload(database: DatabaseSync): void {
  const bytes = randomBytes(16 * 1024)
  const name = `${randomBytes(8).toString("hex")}.bin`
  writeFileSync(join(places.uploads, `.${name}.part`), bytes)
  renameSync(join(places.uploads, `.${name}.part`), join(places.uploads, name))
  database.prepare("INSERT INTO upload VALUES (?, ?)").run(name, sha256(bytes))
}

/** The server itself. It does not start without its secret. */
async function run(): Promise<void> {
  prepare()
  if (readFileSync(places.secret, "utf8").trim() === "") throw new Error("the signing key is blank")
  const ending = new AbortController()
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => ending.abort())
  const database = openDatabase()
  const insert = database.prepare("INSERT INTO message VALUES (?, ?, ?)")
  let next = newestRow(database) + 1
  const endsAtMs = performance.now() + LIFETIME_MS
  while (!ending.signal.aborted && performance.now() < endsAtMs && existsSync(places.database)) {
    addMessage(insert, next)
    if (next % ROWS_PER_UPLOAD === 0) addUpload(database)
    acknowledge(next)
    next += 1
    await wait(ROW_EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined)
  }
  database.close()
}

/** What a client has been told is stored. */
function acknowledge(id: number): void {
  if (!existsSync(join(folder, "run"))) return
  writeFileSync(`${places.acknowledged}.new`, String(id))
  renameSync(`${places.acknowledged}.new`, places.acknowledged)
}

function acknowledged(): number {
  return existsSync(places.acknowledged) ? Number(readFileSync(places.acknowledged, "utf8")) : 0
}

function newestRow(database: DatabaseSync): number {
  return Number(database.prepare("SELECT coalesce(max(id), 0) AS id FROM message").get()?.["id"])
}

async function start(): Promise<void> {
  if (isRunning()) return
  mkdirSync(join(folder, "run"), { recursive: true, mode: 0o700 })
  rmSync(places.acknowledged, { force: true })
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", import.meta.filename, "run", folder], {
    detached: true,
    stdio: "ignore",
  })
  writeFileSync(places.processId, String(child.pid ?? 0))
  child.unref()
  // Not asked of /proc: for a moment a new process has no command line there.
  let hasEnded = false
  child.once("exit", () => (hasEnded = true))
  await until(() => acknowledged() > 0 || hasEnded, READY_WITHIN_MS)
  if (acknowledged() === 0)
    throw new Error(`the server did not start: ${existsSync(places.log) ? readFileSync(places.log, "utf8") : "no log"}`)
}

async function stop(): Promise<void> {
  if (!isRunning()) return
  process.kill(serverProcess(), "SIGTERM")
  await until(() => !isRunning(), READY_WITHIN_MS)
}

function serverProcess(): number {
  return existsSync(places.processId) ? Number(readFileSync(places.processId, "utf8")) : 0
}

/** The number alone could be somebody else's by now. */
function isRunning(): boolean {
  const id = serverProcess()
  if (id <= 0) return false
  try {
    const words = readFileSync(`/proc/${id}/cmdline`, "utf8")
    return words.includes("sample-app") && words.includes(folder)
  } catch {
    return false
  }
}

async function until(condition: () => boolean, withinMs: number): Promise<void> {
  const endsAtMs = performance.now() + withinMs
  while (!condition()) {
    if (performance.now() > endsAtMs) throw new Error(`${command} took too long`)
    await wait(POLL_MS)
  }
}

function facts(upTo: number) {
  const database = openDatabase()
  try {
    const rows = database.prepare("SELECT id, body, checksum FROM message WHERE id <= ? ORDER BY id").all(upTo)
    const corrupt = rows.filter((row) => checksum(Number(row["id"]), String(row["body"])) !== row["checksum"]).length
    const named = database.prepare("SELECT name, sha256 FROM upload").all()
    return {
      acknowledged: Math.min(acknowledged(), newestRow(database)),
      rows: rows.length,
      rowsDigest: sha256(rows.map((row) => `${String(row["id"])} ${String(row["body"])} ${String(row["checksum"])}\n`).join("")),
      corruptRows: corrupt,
      lostUploads: named.filter((row) => uploadDigest(String(row["name"])) !== row["sha256"]).length,
      uploads: Object.fromEntries(
        readdirSync(places.uploads)
          .filter(isComplete)
          .map((name) => [name, uploadDigest(name)]),
      ),
      secret: sha256(readFileSync(places.secret)),
      secretBytes: readFileSync(places.secret).length,
    }
  } finally {
    database.close()
  }
}

function isComplete(name: string): boolean {
  return !name.startsWith(".")
}

function uploadDigest(name: string): string {
  const path = join(places.uploads, name)
  return existsSync(path) ? sha256(readFileSync(path)) : "missing"
}

function health(): void {
  const now = facts(Number.MAX_SAFE_INTEGER)
  const troubles = [
    ...(isRunning() ? [] : ["the server does not run"]),
    ...(now.corruptRows === 0 ? [] : [`${now.corruptRows} rows are corrupt`]),
    ...(now.lostUploads === 0 ? [] : [`${now.lostUploads} uploads are lost`]),
    ...(now.secretBytes > 0 ? [] : ["the signing key is blank"]),
  ]
  if (troubles.length > 0) throw new Error(troubles.join(", "))
}

/** What a bad night does to an app. */
function damage(): void {
  const database = openDatabase()
  database.exec("UPDATE message SET body = 'garbage' WHERE id % 7 = 0")
  database.close()
  for (const [index, name] of readdirSync(places.uploads).filter(isComplete).entries())
    if (index % 2 === 0) rmSync(join(places.uploads, name))
  writeFileSync(places.secret, "")
}

const commands: Readonly<Record<string, () => Promise<void> | void>> = {
  run,
  start,
  stop,
  health,
  damage,
  facts: () => void process.stdout.write(`${JSON.stringify(facts(upToText === "" ? Number.MAX_SAFE_INTEGER : Number(upToText)))}\n`),
}

try {
  const chosen = commands[command]
  if (chosen === undefined || folder === "") throw new Error("usage: sample-app.ts start|stop|health|facts|damage FOLDER")
  await chosen()
} catch (thrown) {
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  if (command === "run") appendFileSync(places.log, `${text}\n`)
  process.stderr.write(`${text}\n`)
  process.exitCode = 1
}
