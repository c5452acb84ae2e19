export interface RetentionPoint {
  readonly id: string
  /** Position in the app's chain; the order of points is by this, never by the clock alone. */
  readonly sequence: number
  readonly startedAt: Date
  /**
   * Points compete for the policy's places only with points of their own group. `""` is the group of whole, routine points;
   * safety points and points that lack parts have groups of their own, so that they never push out a whole one.
   */
  readonly group: string
  /** Proven to be readable, or better. */
  readonly proven: boolean
  /** Its last check found damage. */
  readonly failed: boolean
  /** Sharply smaller than its predecessor, or marked as suspicious otherwise. */
  readonly suspicious: boolean
  readonly pinned: boolean
  /** Taken because the program about to start was a new version. */
  readonly migration: boolean
  /** The unfinished or still revocable operation whose safety point this is. */
  readonly neededBy: string | null
}

export interface Reason {
  /** A policy member (`last`, `daily`, …, `within`), a floor's name, or `unneeded`. */
  readonly rule: string
  readonly text: string
}

export interface Decision {
  readonly id: string
  readonly keep: boolean
  /** Every rule that keeps the point; for one that goes, why nothing does. Never empty. */
  readonly reasons: readonly Reason[]
}

export interface Pick {
  readonly id: string
  readonly reason: Reason
}
