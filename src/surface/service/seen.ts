import { seenSince, signatureOf, type Entry } from "../../schedule/due.ts"
import type { Seen } from "./alarm-memory.ts"

/** Since when something is as it is now: what is new or was changed counts from now. */
export function seenOf(name: string, signature: string, before: Seen, now: Date): Seen {
  const known = before[name]
  const at = known === undefined || known.signature !== signature || known.at > now ? now : known.at
  return { [name]: { signature, at } }
}

/** The same for a schedule, by the rule by which it is run. */
export function scheduleSeenOf(entry: Entry, before: Seen, now: Date): Seen {
  const name = `schedule ${entry.app} ${entry.schedule}`
  return { [name]: { signature: signatureOf(entry), at: seenSince(entry, before[name] ?? null, now) } }
}
