/** How a version is put in place: images pinned in compose files, or a link that is led to another directory. Everything else of an update is the same for both. */
import type { PinPlan } from "../../app/compose/pin-images.ts"
import type { ExecResult } from "../../app/ports.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { InstallableRelease } from "../../release/installable.ts"
import type { LinkSwap } from "../../restore/link-swap.ts"
import type { Prepared } from "../prepared.ts"

export interface Placing {
  /** The texts that decide what runs, by path: whoever changes one meanwhile ends the update. */
  texts(): Promise<ReadonlyMap<string, string>>
  /** Throws PLAN_STALE naming what is not as it was. */
  requireSame(texts: ReadonlyMap<string, string>): Promise<void>
  /** Which texts change, and how. Throws PIN_REFUSED. */
  pins(release: InstallableRelease): Promise<PinPlan>
  /** Has the version here while the app runs. Throws what pulling throws, PLAN_STALE for a directory that was changed. */
  bring(release: InstallableRelease, ctx: RunContext): Promise<void>
  /** The link that is exchanged; null where none is. */
  link(release: InstallableRelease, ctx: RunContext): Promise<LinkSwap | null>
  /** Services that are run to their end before the others start. */
  jobs(services: readonly string[], ctx: RunContext): Promise<readonly string[]>
  /** What these depend on, and what that depends on. */
  dependencies(services: readonly string[], ctx: RunContext): Promise<readonly string[]>
  /** Whether compose may bring services up together with what they depend on. */
  withDependencies(services: readonly string[], ctx: RunContext): Promise<boolean>
  /** Keeps what a way back needs and puts edited files beside; nothing live is changed. */
  stage(prepared: Prepared, pins: PinPlan, release: InstallableRelease, ctx: RunContext): Promise<void>
  /** Runs the release's own migration, where it has one, on the live data; null where it has none. */
  migrate(release: InstallableRelease, timeoutMs: number, ctx: RunContext): Promise<ExecResult | null>
}
