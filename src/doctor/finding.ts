import { HoldfastError, messageOf } from "../base/errors.ts"

export type Severity = "ok" | "warn" | "fail"

export interface Finding {
  /** Which check: `restic`, `vault`, `space`, … */
  readonly check: string
  /** What it is about: a program, a vault, an app, a path. */
  readonly subject: string
  readonly severity: Severity
  readonly what: string
  /** What to do; null when nothing. */
  readonly do: string | null
}

export function ok(check: string, subject: string, what: string): Finding {
  return { check, subject, severity: "ok", what, do: null }
}

export function trouble(severity: "warn" | "fail", check: string, subject: string, what: string, remedy: string): Finding {
  return { check, subject, severity, what, do: remedy }
}

/** A check that threw is a finding, not the end of the examination. */
export function fromError(check: string, subject: string, thrown: unknown): Finding {
  const why = thrown instanceof HoldfastError && thrown.why !== undefined ? `: ${thrown.why}` : ""
  const remedy = thrown instanceof HoldfastError ? thrown.hint : "This is a bug in Holdfast; report it."
  return trouble("fail", check, subject, `${messageOf(thrown)}${why}`, remedy)
}
