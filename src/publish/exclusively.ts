import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import type { Clock } from "../base/clock.ts"
import { HoldfastError } from "../base/errors.ts"

/** Below the directory that is served; it holds nothing. */
const LOCK_FILE = ".publishing"
/** Publishing takes a fraction of a second; whoever waits longer waits for something that hangs. */
const TRIES = 200
const PAUSE_MS = 50
const SQLITE_BUSY = 5

/**
 * Runs `work` while nobody else on this machine publishes into the directory. The lock is SQLite's on an empty database: the system
 * gives it back when its process dies, so that nothing stale is ever left. Throws RELEASE_EXISTS when somebody else takes too long.
 */
export async function exclusively<T>(directory: string, clock: Pick<Clock, "sleep">, work: () => Promise<T>): Promise<T> {
  await mkdir(directory, { recursive: true })
  const lock = await take(join(directory, LOCK_FILE), clock)
  try {
    return await work()
  } finally {
    lock.close()
  }
}

async function take(path: string, clock: Pick<Clock, "sleep">): Promise<DatabaseSync> {
  for (let left = TRIES; left > 0; left -= 1) {
    const lock = tryToTake(path)
    if (lock !== null) return lock
    await clock.sleep(PAUSE_MS)
  }
  throw new HoldfastError("RELEASE_EXISTS", {
    what: "somebody else publishes into this directory just now",
    why: `${path} is locked`,
    hint: "Run it again when that is done.",
  })
}

function tryToTake(path: string): DatabaseSync | null {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec("BEGIN EXCLUSIVE")
    return database
  } catch (thrown) {
    database.close()
    if (thrown instanceof Error && "errcode" in thrown && thrown.errcode === SQLITE_BUSY) return null
    throw thrown
  }
}
