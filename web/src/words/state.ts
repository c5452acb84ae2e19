/** States in the words of the glossary, each with its tone. */
import type { ListedOperation } from "../../../src/contract/api/operations.ts"
import type { Tone } from "../piece/status.tsx"

interface Saying {
  readonly tone: Tone
  readonly text: string
}

const proofs = {
  sealed: { tone: "quiet", text: "Sealed" },
  read: { tone: "good", text: "Read" },
  restored: { tone: "good", text: "Restored" },
  booted: { tone: "good", text: "Booted" },
} as const satisfies Record<string, Saying>

export type ProofLevel = keyof typeof proofs

/** A point without proof was stored and never looked at again. */
export function proofSaying(level: ProofLevel | null): Saying {
  return level === null ? { tone: "quiet", text: "No proof" } : proofs[level]
}

/** What a level means, for those who meet the word for the first time. */
export const proofMeans: Readonly<Record<ProofLevel, string>> = {
  sealed: "Stored whole, not read back since.",
  read: "Every byte was read back and compared.",
  restored: "Restored for real into a sandbox and compared.",
  booted: "The whole app was started from it in a sandbox.",
}

const outcomes = {
  succeeded: { tone: "good", text: "Succeeded" },
  partial: { tone: "warn", text: "Partial" },
  failed: { tone: "bad", text: "Failed" },
  cancelled: { tone: "quiet", text: "Cancelled" },
  running: { tone: "busy", text: "Running" },
  skipped: { tone: "warn", text: "Skipped" },
} as const satisfies Record<string, Saying>

export function outcomeSaying(outcome: keyof typeof outcomes): Saying {
  return outcomes[outcome]
}

/** How an operation stands, whether it goes on, was interrupted or ended. */
export function operationSaying({
  status,
  outcome,
  cancelRequested,
}: Pick<ListedOperation, "status" | "outcome" | "cancelRequested">): Saying {
  if (status === "running") return cancelRequested ? { tone: "busy", text: "Being cancelled" } : outcomes.running
  if (status === "interrupted") return { tone: "warn", text: "Interrupted, to be settled" }
  return outcome === null ? { tone: "warn", text: "Ended, unknown how" } : outcomes[outcome]
}

const kinds: Readonly<Record<string, string>> = {
  backup: "Backup",
  verify: "Verify",
  drill: "Drill",
  restore: "Restore",
  undo: "Undo",
  rebuild: "Rebuild",
  expire: "Expire",
  import: "Import",
  export: "Export",
  copy: "Copy",
  pin: "Pin",
  "release-kept": "Release of kept state",
  rehearse: "Rehearsal",
  update: "Update",
  rollback: "Rollback",
  adopt: "Adoption",
  "adopt-undo": "Undo of an adoption",
}

/** A kind that this page does not know yet is shown as it is. */
export function operationWord(kind: string): string {
  return kinds[kind] ?? kind
}

/** `capture-database` reads `Capture database`. */
export function stepWord(name: string): string {
  const text = name.replaceAll(/[-_]/g, " ").trim()
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
