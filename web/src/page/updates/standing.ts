import type { UpdatesPage } from "../../../../src/contract/api/updates.ts"
import type { Tone } from "../../piece/status.tsx"

type Entry = UpdatesPage["history"][number]

interface Saying {
  readonly tone: Tone
  readonly text: string
}

/** How an app stands with its updates, in two words. */
export function standingOf({ rules, operation, releases, lookedAt, lookProblem }: UpdatesPage): Saying {
  if (operation !== null) return { tone: "busy", text: runningWord(operation.kind) }
  if (rules === null) return { tone: "quiet", text: "Not followed" }
  if (releases.length > 0) return { tone: "warn", text: "Update available" }
  if (lookProblem !== null) return { tone: "bad", text: "Cannot look" }
  return lookedAt === null ? { tone: "quiet", text: "Not looked yet" } : { tone: "good", text: "Up to date" }
}

export function runningWord(kind: string): string {
  if (kind === "rehearse") return "Rehearsing"
  return kind === "rollback" ? "Rolling back" : "Updating"
}

const outcomes = {
  running: { tone: "busy", text: "Running" },
  interrupted: { tone: "warn", text: "Interrupted, to be settled" },
  passed: { tone: "good", text: "Passed" },
  applied: { tone: "good", text: "Applied" },
  "rolled back": { tone: "warn", text: "Rolled back" },
  failed: { tone: "bad", text: "Failed" },
  cancelled: { tone: "quiet", text: "Cancelled" },
} as const satisfies Record<Entry["outcome"], Saying>

export function entrySaying({ kind, outcome }: Pick<Entry, "kind" | "outcome">): Saying {
  // A rollback that somebody asked for went well; an update that was rolled back did not.
  if (kind === "rollback" && outcome === "rolled back") return { tone: "good", text: "Rolled back" }
  return outcomes[outcome]
}

/** `Update from 1.0.0 to 1.2.0`. */
export function entryWords({ kind, from, to }: Pick<Entry, "kind" | "from" | "to">): string {
  const what = { rehearse: "Rehearsal", update: "Update", rollback: "Rollback" }[kind]
  const target = to === null ? "" : kind === "rehearse" ? ` of ${to}` : ` to ${to}`
  return `${what}${from === null || kind === "rehearse" ? "" : ` from ${from}`}${target}`
}
