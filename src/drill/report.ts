/** One thing that a drill looked at, and what it saw. */
export interface Assertion {
  readonly name: string
  readonly passed: boolean
  readonly detail: string
}

export interface DrillReport {
  readonly operationId: string
  readonly app: string
  readonly point: string
  readonly vault: string
  readonly level: "restored" | "booted"
  readonly passed: boolean
  readonly assertions: readonly Assertion[]
  /** Time from the first byte restored until everything that was asserted held. */
  readonly recoveryTimeMs: number
  readonly warnings: readonly string[]
}

/** One failed assertion fails the drill; a drill that asserted nothing has proven nothing. */
export function passed(assertions: readonly Assertion[]): boolean {
  return assertions.length > 0 && assertions.every((assertion) => assertion.passed)
}
