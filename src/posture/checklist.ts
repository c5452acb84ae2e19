import type { App } from "../app/app.ts"
import type { ProofRecord } from "../operation/ports.ts"
import type { PosturePoint } from "./proven.ts"

export interface ChecklistFacts {
  readonly app: App
  readonly points: readonly PosturePoint[]
  readonly proofs: readonly ProofRecord[]
  /** Names of vaults that are not on this machine. */
  readonly offHostVaults: ReadonlySet<string>
  /** Names of vaults whose recovery kit was taken. */
  readonly kitsTaken: ReadonlySet<string>
  /** Points that were restored on another host by `rebuild`. */
  readonly rebuilt: boolean
}

export interface ChecklistAnswer {
  readonly ask: string
  readonly answer: boolean
  /** What the answer rests on. */
  readonly evidence: string
}

/** The questions that every backup guide ends with, answered from evidence instead of by ticking boxes (C110). */
export function checklistOf(facts: ChecklistFacts): readonly ChecklistAnswer[] {
  const offHost = facts.points.filter((point) => facts.offHostVaults.has(point.vault))
  return [
    scheduled(facts),
    succeeded(facts),
    { ...offHostHolds("database:", "files:")(offHost), ask: "Are the database and the files off this host?" },
    { ...offHostHolds("secrets", "configuration")(offHost), ask: "Are secrets and configuration kept outside this host?" },
    {
      ask: "Is what is off this host encrypted?",
      answer: offHost.length > 0,
      evidence: offHost.length > 0 ? "every vault is encrypted with its own key" : "nothing is off this host",
    },
    keyOutside(facts),
    restoreTested(facts),
  ]
}

function scheduled(facts: ChecklistFacts): ChecklistAnswer {
  const names = Object.keys(facts.app.schedules)
  return {
    ask: "Is there a scheduled backup?",
    answer: names.length > 0,
    evidence: names.length > 0 ? `schedules: ${names.join(", ")}` : "no schedule is set",
  }
}

function succeeded(facts: ChecklistFacts): ChecklistAnswer {
  const newest = facts.points.toSorted((left, right) => right.startedAt.getTime() - left.startedAt.getTime())[0]
  return {
    ask: "Did a backup succeed?",
    answer: newest !== undefined,
    evidence: newest === undefined ? "there is no recovery point" : `newest point ${newest.id} in ${newest.vault}`,
  }
}

function offHostHolds(...prefixes: readonly string[]) {
  return (offHost: readonly PosturePoint[]): Omit<ChecklistAnswer, "ask"> => {
    const holding = offHost.findLast((point) => prefixes.some((prefix) => point.parts.some((part) => part.startsWith(prefix))))
    if (holding === undefined) return { answer: false, evidence: "no point in a vault off this host holds them" }
    return { answer: true, evidence: `point ${holding.id} in ${holding.vault}` }
  }
}

function keyOutside(facts: ChecklistFacts): ChecklistAnswer {
  const used = [...new Set(facts.points.map((point) => point.vault))]
  const missing = used.filter((vault) => !facts.kitsTaken.has(vault))
  return {
    ask: "Is the recovery kit (the keys) kept outside this host?",
    answer: used.length > 0 && missing.length === 0,
    evidence:
      missing.length > 0
        ? `no kit was taken of: ${missing.join(", ")}`
        : used.length > 0
          ? "a kit was taken of every vault"
          : "no vault is in use",
  }
}

function restoreTested(facts: ChecklistFacts): ChecklistAnswer {
  const proof = facts.proofs.findLast((candidate) => candidate.level === "booted" || candidate.level === "restored")
  const ask = "Was a restore tested on a clean place?"
  if (facts.rebuilt) return { ask, answer: true, evidence: "the app was rebuilt on an empty host" }
  if (proof === undefined) return { ask, answer: false, evidence: "no drill was run" }
  return { ask, answer: true, evidence: `drill of ${proof.point} (${proof.level}) at ${proof.at.toISOString()}` }
}
