import type { Clock } from "../../../base/clock.ts"
import { HoldfastError } from "../../../base/errors.ts"
import { formatDuration } from "../../../base/units.ts"

/** Counts failures by where they come from: no account is ever locked, so that no stranger can lock its owner out (F139). */
export interface Limits {
  /** Throws TOO_MANY_ATTEMPTS while this source has failed too often. Resolves later when many failed on this account, wherever from. */
  admit(source: string, account: string | null): Promise<void>
  failed(source: string, account: string | null): void
  succeeded(source: string, account: string | null): void
}

const FAILURES_ALLOWED = 10
const WINDOW_MS = 15 * 60_000
/** On one account, from everywhere; beyond it each further attempt takes longer, which only a program notices. */
const SLOW_AFTER = 30
const SLOW_MS = 2000
const SOURCES_KEPT = 10_000

interface Count {
  failures: number
  sinceMs: number
}

export function createLimits(clock: Clock): Limits {
  const counts = new Map<string, Count>()
  const countOf = (key: string): Count | null => {
    const found = counts.get(key)
    if (found === undefined || clock.monotonicMs() - found.sinceMs > WINDOW_MS) return null
    return found
  }
  const add = (key: string): void => {
    const present = countOf(key) ?? { failures: 0, sinceMs: clock.monotonicMs() }
    counts.delete(key)
    counts.set(key, { ...present, failures: present.failures + 1 })
    const [oldest] = counts.keys()
    if (counts.size > SOURCES_KEPT && oldest !== undefined) counts.delete(oldest)
  }
  return {
    admit: async (source, account) => {
      const count = countOf(`source ${networkOf(source)}`)
      if (count !== null && count.failures >= FAILURES_ALLOWED) throw tooMany(WINDOW_MS - (clock.monotonicMs() - count.sinceMs))
      const onAccount = account === null ? null : countOf(`account ${account.toLowerCase()}`)
      if ((onAccount?.failures ?? 0) >= SLOW_AFTER) await clock.sleep(SLOW_MS)
    },
    failed: (source, account) => {
      add(`source ${networkOf(source)}`)
      if (account !== null) add(`account ${account.toLowerCase()}`)
    },
    // Only what this source has failed is forgiven: who guesses elsewhere is slowed down all the same.
    succeeded: (source) => void counts.delete(`source ${networkOf(source)}`),
  }
}

function tooMany(waitMs: number): HoldfastError {
  return new HoldfastError("TOO_MANY_ATTEMPTS", {
    what: "too many failed attempts came from this address",
    hint: `Try again in ${formatDuration(waitMs)}; other addresses are not affected.`,
    details: { retryAfterSeconds: Math.ceil(waitMs / 1000) },
  })
}

/** Whoever has one IPv6 address has 2^64 of them. */
function networkOf(source: string): string {
  if (!source.includes(":")) return source
  return source.split(":").slice(0, 4).join(":")
}
