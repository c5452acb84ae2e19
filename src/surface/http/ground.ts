import type { House } from "../house/house.ts"
import type { UpdateWork } from "../house/update-work.ts"
import type { Runner } from "../service/runner.ts"
import type { Accounts } from "./account/account.ts"
import type { InTurn } from "./in-turn.ts"
import type { LiveEvents } from "./live-events.ts"
import type { Plans } from "./plans.ts"

/** What every route stands on. */
export interface Ground {
  readonly house: House
  readonly runner: Runner
  readonly accounts: Accounts
  /** Loaded when an update is first asked about. */
  updates(): Promise<UpdateWork>
  /** Plans that were shown and wait to be confirmed. */
  readonly plans: Plans
  readonly live: LiveEvents
  /** Where people reach the panel. */
  readonly origin: string
  /** Settings texts that somebody was shown lately, by digest, so that a difference can be told to whoever changes one of them. */
  readonly seenTexts: Map<string, string>
  /** Changes of the settings file, one after the other: each is judged by what the one before has left. */
  readonly inTurn: InTurn
  /** Why the settings file cannot be used just now; null when it can. The house then has the last good ones. */
  settingsProblem(): string | null
  /** Measured values in the text form of Prometheus. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>
}
