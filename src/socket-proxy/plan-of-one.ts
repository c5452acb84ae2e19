import type { Policy } from "./policy.ts"
import { quoted } from "./refusal.ts"
import { foundOf, type Ask, type Findings, type Forward, type Found, type Plan } from "./route.ts"
import { assertOurs } from "./scope.ts"

/** A plan about one thing: it is looked up, must be ours, and is called by the engine's own id from then on. */
export function planOfOne(ask: Ask, policy: Policy, forward: (one: Found, found: Findings) => Forward, more: readonly Ask[] = []): Plan {
  return {
    asks: [ask, ...more],
    forward: (found) => forward(oursOf(ask, found, policy), found),
  }
}

/** What was found, if it is ours. Throws a Refusal. */
export function oursOf(ask: Ask, found: Findings, policy: Policy): Found {
  const one = foundOf(ask, found)
  assertOurs(`the ${ask.kind} ${quoted(ask.name)}`, one.labels, policy)
  return one
}
