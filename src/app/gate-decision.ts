/** Whether a gate has passed, has failed or looks again: decided from what the rounds saw, and from nothing else. Pure. */

export interface GateRules {
  /** Good rounds in a row that are wanted. */
  readonly consecutive: number
  /** For this whole time everything has to be well and no container may restart; 0: the rounds in a row are enough. */
  readonly stableForMs: number
  /** By then it has to be well. What visibly still works on it begins this time anew. */
  readonly limitMs: number
  /** Nothing moves the deadline beyond this. */
  readonly hardLimitMs: number
  /** A container that was restarted so often since the gate began will not come up; null: that is not judged. */
  readonly loopAfter: number | null
}

/** What one round saw. */
export interface GateRound {
  /** Since the gate began. */
  readonly atMs: number
  /** Everything that is asked was as it should be. */
  readonly good: boolean
  /** When the app itself answered well, whatever its other services do; null when it did not. */
  readonly answeredAtMs: number | null
  /** Container → how often the engine has restarted it. */
  readonly restarts: Readonly<Record<string, number>>
  /** What visibly still goes on (a start, a migration); null for nothing. */
  readonly underWay: string | null
  /** Containers that have ended and that nobody starts again. */
  readonly ended: readonly string[]
}

export interface GateProgress {
  readonly verdict: "wait" | "passed" | "failed"
  readonly goodInRow: number
  /** Since when it is well without a break and without a restart. */
  readonly goodSinceMs: number | null
  /** Since when the app answers well without a break. */
  readonly answeredSinceMs: number | null
  readonly restarts: Readonly<Record<string, number>>
  /** Container → how often it had been restarted when the gate began; 0 for one that came later. */
  readonly restartsBefore: Readonly<Record<string, number>> | null
  readonly ended: readonly string[]
  /** When something was last seen under way, and what. */
  readonly underWay: { readonly what: string; readonly atMs: number } | null
}

export const gateBegun: GateProgress = {
  verdict: "wait",
  goodInRow: 0,
  goodSinceMs: null,
  answeredSinceMs: null,
  restarts: {},
  restartsBefore: null,
  ended: [],
  underWay: null,
}

/** The next state after a round. A verdict stands: what is seen after it changes nothing. */
export function nextProgress(before: GateProgress, round: GateRound, rules: GateRules): GateProgress {
  if (before.verdict !== "wait") return before
  const lasts = round.good && before.goodSinceMs !== null && sameRestarts(before.restarts, round.restarts)
  const seen = {
    goodInRow: round.good ? (lasts ? before.goodInRow : 0) + 1 : 0,
    goodSinceMs: lasts ? before.goodSinceMs : round.good ? round.atMs : null,
    answeredSinceMs: round.answeredAtMs === null ? null : (before.answeredSinceMs ?? round.answeredAtMs),
    restarts: round.restarts,
    restartsBefore: before.restartsBefore ?? round.restarts,
    ended: round.ended,
    underWay: round.underWay === null ? before.underWay : { what: round.underWay, atMs: round.atMs },
  }
  return { ...seen, verdict: verdictOf(before, seen, round, rules) }
}

function verdictOf(before: GateProgress, now: Omit<GateProgress, "verdict">, round: GateRound, rules: GateRules): GateProgress["verdict"] {
  const goodForMs = now.goodSinceMs === null ? null : round.atMs - now.goodSinceMs
  if (goodForMs !== null && now.goodInRow >= rules.consecutive && goodForMs >= rules.stableForMs) return "passed"
  // Seen twice, so that one who starts it by hand or in its turn is not forestalled.
  if (round.ended.some((container) => before.ended.includes(container))) return "failed"
  const loops = isLooping(now, rules)
  // What it waits for may be what still works; nothing works on in a loop alone.
  if (loops && round.underWay === null) return "failed"
  const deadlineMs = deadlineOf(loops ? { underWay: null } : now, rules)
  if (round.atMs < deadlineMs) return "wait"
  // It became well in time; only the time that it has to stay so is not over yet.
  const inWindow = now.goodSinceMs !== null && now.goodSinceMs <= deadlineMs && rules.stableForMs > 0
  return inWindow ? "wait" : "failed"
}

/** Until when it has to have become well. */
export function deadlineOf(progress: Pick<GateProgress, "underWay">, rules: Pick<GateRules, "limitMs" | "hardLimitMs">): number {
  const { limitMs, hardLimitMs } = rules
  if (progress.underWay === null) return Math.min(limitMs, hardLimitMs)
  return Math.min(progress.underWay.atMs + limitMs, hardLimitMs)
}

function isLooping({ restarts, restartsBefore }: Omit<GateProgress, "verdict">, { loopAfter }: GateRules): boolean {
  if (loopAfter === null) return false
  return Object.entries(restarts).some(([container, count]) => count - (restartsBefore?.[container] ?? 0) >= loopAfter)
}

/** The same containers, none restarted. A container that was made anew is another one. */
function sameRestarts(before: GateRound["restarts"], now: GateRound["restarts"]): boolean {
  const containers = Object.keys(now)
  return containers.length === Object.keys(before).length && containers.every((container) => before[container] === now[container])
}
