import type { App } from "../app/app.ts"
import type { CapturedHalf } from "../backup/capture-in-parts.ts"
import type { InstallableRelease } from "../release/installable.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { Placing } from "./place/placing.ts"
import type { Prepared, TreesBefore } from "./prepared.ts"
import type { UpdatePlan } from "./update-plan.ts"

/** Everything that one update in place carries along once it is prepared. */
export interface Updating {
  readonly app: App
  readonly vault: OpenVault
  readonly plan: UpdatePlan
  readonly release: InstallableRelease
  readonly placing: Placing
  /** What decides what runs, as it was planned with, by path. */
  readonly texts: ReadonlyMap<string, string>
  readonly prepared: Prepared
  readonly warnings: string[]
}

/** What is there of the state before, once everything stood still. */
export interface StoodStill {
  readonly half: CapturedHalf
  readonly trees: TreesBefore
  /** When the writers were told to stop. */
  readonly stoppedAt: Date
  /** Sealed already, where a database could not be copied. */
  readonly sealed: string | null
}
