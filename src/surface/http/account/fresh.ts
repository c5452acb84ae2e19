import { createHash } from "node:crypto"
import type { DatabaseSync } from "node:sqlite"
import { z } from "zod"
import type { Clock } from "../../../base/clock.ts"

/** How long a confirmed second factor counts for what cannot be taken back. */
export const FRESH_MS = 5 * 60_000
/** A code may still be accepted that long after it was shown. */
const CODE_LIVES_MS = 5 * 60_000

/** When a session last showed its second factor, and which codes were used. */
export interface Fresh {
  mark(sessionId: string): Date
  /** Null when it is over, or never was. */
  until(sessionId: string): Date | null
  /** False when this code was used before: each counts once, even within its half minute. */
  useCode(userId: string, code: string): boolean
}

export function freshIn(database: DatabaseSync, clock: Clock): Fresh {
  const row = z.object({ until: z.string() }).optional()
  return {
    mark: (sessionId) => {
      const until = new Date(clock.now().getTime() + FRESH_MS)
      database.prepare("INSERT OR REPLACE INTO fresh_session VALUES (?, ?)").run(sessionId, until.toISOString())
      return until
    },
    until: (sessionId) => {
      const found = row.parse(database.prepare("SELECT until FROM fresh_session WHERE session_id = ?").get(sessionId))
      if (found === undefined) return null
      const until = new Date(found.until)
      return until > clock.now() ? until : null
    },
    useCode: (userId, code) => {
      const now = clock.now()
      database.prepare("DELETE FROM used_code WHERE at < ?").run(new Date(now.getTime() - CODE_LIVES_MS).toISOString())
      const digest = createHash("sha256").update(code.replaceAll(/\s/g, "")).digest("hex")
      const { changes } = database.prepare("INSERT OR IGNORE INTO used_code VALUES (?, ?, ?)").run(userId, digest, now.toISOString())
      return changes === 1
    },
  }
}
