import type { Seen } from "./alarm-memory.ts"

/** Since when something is there: what is new counts from now, and so does what was seen by a clock that ran ahead. */
export function seenOf(name: string, before: Seen, now: Date): Seen {
  const at = before[name]
  return { [name]: at === undefined || at > now ? now : at }
}
