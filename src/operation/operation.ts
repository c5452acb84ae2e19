/** One recorded run of a verb: lease, journal, cancel, outcome; and the settling of runs that were interrupted (design §9). */
import type { Json } from "../base/canonical-json.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Journal, StepTable } from "./journal.ts"
import type { Holder, OperationKind, OperationOutcome, OperationRecord, Store } from "./ports.ts"

/** What tells whether a holder still lives; implemented by `tool/process` from /proc. */
export interface HostIdentity {
  self(command: string): Holder
  /** False only when it is proven dead: other boot, no such process, or another start time. A foreign host counts as alive. */
  isAlive(holder: Holder): boolean
}

export interface OperationTools {
  readonly store: Store
  readonly host: HostIdentity
}

export interface OperationRequest<Steps extends StepTable> {
  readonly kind: OperationKind
  readonly app: string
  readonly steps: Steps
  readonly plan: Json
  /** What the operator typed, for the one who is refused meanwhile. */
  readonly command: string
}

export interface OperationEnd<Result> {
  readonly outcome: OperationOutcome
  readonly result: Result
  /** The part of the result that is recorded. */
  readonly record: Json
  readonly message?: string
}

export interface Settlement {
  readonly outcome: OperationOutcome
  readonly message: string
}

/** How one kind of interrupted operation is finished or undone. Must be repeatable: it may itself be killed. */
export type Settler = (operation: OperationRecord, ctx: RunContext) => Promise<Settlement>

export type { Journal, StepTable }
