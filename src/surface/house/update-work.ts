import type { RollbackOutput, RollbackPlanDocument, UpdatePlanDocument, UpdateReportDocument } from "../../contract/output-update.ts"
import type { FoundReleases } from "../../release/installable.ts"
import type { Rehearsal } from "../../update/update-plan.ts"
import type { House } from "./house.ts"

/** What may be asked of an update beside its version. */
export interface UpdateWish {
  /** Another version than the next one; null for the next. */
  readonly to: string | null
  /** Although this release failed here before. */
  readonly again: boolean
  /** Although what runs differs from the compose file. */
  readonly acceptDrift: boolean
  /** Without a rehearsal, because of this; null: it has to pass one. Said by a person for this one update, never by a rule. */
  readonly unrehearsed: string | null
  /** Whose proof counts and which holds the points before the update; null: the app's first. */
  readonly vault: string | null
}

export const NEXT: UpdateWish = { to: null, again: false, acceptDrift: false, unrehearsed: null, vault: null }

export interface NextUpdate {
  readonly found: FoundReleases
  /** Null: nothing newer is there. */
  readonly plan: UpdatePlanDocument | null
}

export type RollbackReport = Omit<RollbackOutput, "format" | "version">

/**
 * Updates as every surface does them: command, page, the app's own page, and the service in its window. Each looks for itself what is there
 * and what may be done, so nothing that was shown is trusted when it is done.
 */
export interface UpdateWork {
  /** Asks the source, and remembers what it said. Throws what `findReleases` throws. */
  look(house: House, app: string): Promise<FoundReleases>
  /** What the next update would do; changes nothing. Throws what the guard refuses. */
  plan(house: House, app: string, wish: UpdateWish): Promise<NextUpdate>
  /** Rehearses the next release as an operation. Null: nothing newer is there. A release that does not do well is a value. */
  rehearse(own: House, app: string, wish: UpdateWish): Promise<Rehearsal | null>
  /**
   * Rehearses what was not rehearsed, then applies one release. Null: nothing newer is there. One that was rolled back is a value.
   * @param agreed called with the plan before anything is changed; throws when it is not what somebody agreed to
   */
  apply(own: House, app: string, wish: UpdateWish, agreed: (plan: UpdatePlanDocument) => void): Promise<UpdateReportDocument | null>
  /** @param operation null: the newest update that can be undone. Throws where none can, naming what can be done instead. */
  planRollback(house: House, app: string, operation: string | null): Promise<RollbackPlanDocument>
  rollBack(own: House, app: string, operation: string): Promise<RollbackReport>
  /**
   * Why this may not be done without a person just now; null when it may.
   * @param rehearsed false: it is to be rehearsed yet, so what only a rehearsal can tell is left out
   */
  whyNotByItself(house: House, app: string, plan: UpdatePlanDocument, rehearsed: boolean): Promise<string | null>
}
