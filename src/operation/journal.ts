/** The journal of one running operation: each step is written before it is taken and again when it is done. */
import type { Json } from "../base/canonical-json.ts"
import { messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { leaseLost } from "./lease-watch.ts"
import type { Store } from "./ports.ts"

export interface StepDescription {
  readonly title: string
  /** What a crash after this step was journaled leads to, in words; settling makes it true. */
  readonly crashLeadsTo: string
}

/** A verb's steps in order: the table that its kill test walks. */
export type StepTable = Readonly<Record<string, StepDescription>>

export interface Journal<Steps extends StepTable> {
  readonly operationId: string
  /**
   * Writes the step, does it, writes that it is done. `details` must hold whatever settling needs.
   * Throws LEASE_LOST before anything is done when another process has taken over.
   */
  step<T>(name: keyof Steps & string, details: Json, action: () => Promise<T>, resultOf?: (value: T) => Json): Promise<T>
  /** The same for clean-up that a cancelled run still owes (start the app again, swap back): it begins although the signal is aborted. */
  always<T>(name: keyof Steps & string, details: Json, action: () => Promise<T>, resultOf?: (value: T) => Json): Promise<T>
}

export function openJournal<Steps extends StepTable>(store: Store, app: string, steps: Steps, ctx: RunContext): Journal<Steps> {
  let next = 0
  const always: Journal<Steps>["always"] = async (name, details, action, resultOf) => {
    if (!(await store.holdsLease(app, ctx.operationId))) throw leaseLost(app, ctx.operationId)
    const index = next
    next += 1
    ctx.progress.step(steps[name]?.title ?? name)
    await store.beginStep(ctx.operationId, { index, name, details, at: ctx.clock.now() })
    try {
      const value = await action()
      await store.endStep(ctx.operationId, index, "done", resultOf ? resultOf(value) : null)
      return value
    } catch (thrown) {
      await endFailed(store, index, ctx)
      throw thrown
    }
  }
  const step: Journal<Steps>["step"] = async (name, details, action, resultOf) => {
    ctx.signal.throwIfAborted()
    return await always(name, details, action, resultOf)
  }
  return { operationId: ctx.operationId, step, always }
}

/** A context for clean-up: the same, but not cancelled. */
export function uncancelled(ctx: RunContext): RunContext {
  return { ...ctx, signal: new AbortController().signal }
}

/** The step's own error is the one to tell; a step that stays "started" is settled like one that was killed. */
async function endFailed(store: Store, index: number, ctx: RunContext): Promise<void> {
  try {
    await store.endStep(ctx.operationId, index, "failed", null)
  } catch (thrown) {
    ctx.log.error("the end of a step could not be recorded", { operationId: ctx.operationId, index, why: messageOf(thrown) })
  }
}
