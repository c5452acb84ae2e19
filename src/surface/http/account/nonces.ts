import { createHash } from "node:crypto"
import type { DatabaseSync } from "node:sqlite"
import { z } from "zod"
import type { Clock } from "../../../base/clock.ts"

/** Nonces of signed requests, on disk: a restart forgets none of them. */
export interface Nonces {
  /** `used`: it came before; `crowded`: more came from this app within a minute than are taken. Durable when it returns. */
  take(app: string, nonce: string): "fresh" | "used" | "crowded"
}

/** Longer than a request is accepted, so that a clock that is set back a little lets none in again. */
const KEPT_MS = 60 * 60_000
const MINUTE_MS = 60_000
/** With what is kept for an hour, this also bounds how many there can be. */
export const REQUESTS_A_MINUTE = 120

const counted = z.object({ count: z.number() })

export function noncesIn(database: DatabaseSync, clock: Clock): Nonces {
  return {
    take: (app, nonce) => {
      const nowMs = clock.now().getTime()
      // One dated in the future is of a clock that was ahead; it is kept until that is past as well.
      database.prepare("DELETE FROM signed_nonce WHERE at < ?").run(nowMs - KEPT_MS)
      const recent = database.prepare("SELECT count(*) AS count FROM signed_nonce WHERE app = ? AND at > ? AND at <= ?")
      if (counted.parse(recent.get(app, nowMs - MINUTE_MS, nowMs)).count >= REQUESTS_A_MINUTE) return "crowded"
      const digest = createHash("sha256").update(nonce).digest("hex")
      const { changes } = database.prepare("INSERT OR IGNORE INTO signed_nonce VALUES (?, ?, ?)").run(app, digest, nowMs)
      return changes === 1 ? "fresh" : "used"
    },
  }
}
