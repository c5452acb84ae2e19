/**
 * Proof of life that reaches across containers: a file that its process keeps locked. The kernel lets go of the lock when the process ends,
 * whatever ended it, and everybody who shares the directory sees that; process ids mean nothing in another container.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

export interface LifeLocks {
  /** Locks the file of this name until this process ends. Repeating it is harmless. */
  keep(name: string): void
  /** Of any process, our own too: SQLite sees to it that a second handle of one process lets nothing go. `absent` says nothing: its process may be one that keeps no such file. */
  look(name: string): "kept" | "free" | "absent"
}

/** Long past any run that somebody may still have to ask about. */
const FORGET_AFTER_MS = 90 * 24 * 60 * 60_000
/** "database is locked". */
const SQLITE_BUSY = 5

/** `directory` is made when the first lock is kept. */
export function lifeLocks(directory: string): LifeLocks {
  const kept = new Map<string, DatabaseSync>()
  const look = (name: string): "kept" | "free" | "absent" => {
    const path = join(directory, name)
    if (!existsSync(path)) return "absent"
    const lock = tryLock(path)
    lock?.close()
    return lock === null ? "kept" : "free"
  }
  return {
    look,
    keep: (name) => {
      if (kept.has(name)) return
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      const lock = tryLock(join(directory, name))
      if (lock === null) throw new Error(`${join(directory, name)} is locked by another process`)
      kept.set(name, lock)
      forgetOld(directory, look)
    },
  }
}

/** Null when another process has it. SQLite's lock is the kernel's, and needs nothing to be written. */
function tryLock(path: string): DatabaseSync | null {
  const lock = new DatabaseSync(path, { timeout: 0 })
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE")
    return lock
  } catch (thrown) {
    lock.close()
    if (thrown instanceof Error && "errcode" in thrown && thrown.errcode === SQLITE_BUSY) return null
    throw thrown
  }
}

function forgetOld(directory: string, look: LifeLocks["look"]): void {
  for (const name of readdirSync(directory)) {
    const age = Date.now() - (statSync(join(directory, name), { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age > FORGET_AFTER_MS && look(name) === "free") rmSync(join(directory, name), { force: true })
  }
}
