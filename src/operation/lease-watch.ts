import { HoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Store } from "./ports.ts"

const WATCH_EVERY_MS = 500

export interface LeaseWatch {
  /** Aborted with OPERATION_CANCELLED or LEASE_LOST as its reason; the lease hands out the signal that stops the work. */
  readonly signal: AbortSignal
  stop(): Promise<void>
}

/** Looks twice a second whether the operation was cancelled from elsewhere or its lease is no longer ours. */
export function watchLease(store: Store, app: string, ctx: RunContext): LeaseWatch {
  const lost = new AbortController()
  const stopped = new AbortController()
  const watching = watch(store, app, ctx, stopped.signal, (reason) => lost.abort(reason))
  return {
    signal: lost.signal,
    stop: async () => {
      stopped.abort()
      await watching
    },
  }
}

async function watch(store: Store, app: string, ctx: RunContext, stopped: AbortSignal, abort: (reason: unknown) => void): Promise<void> {
  while (await slept(ctx, stopped)) {
    const reason = await reasonToStop(store, app, ctx.operationId)
    if (reason === null) continue
    abort(reason)
    return
  }
}

async function slept(ctx: RunContext, stopped: AbortSignal): Promise<boolean> {
  try {
    await ctx.clock.sleep(WATCH_EVERY_MS, stopped)
    return !stopped.aborted
  } catch (thrown) {
    if (stopped.aborted) return false
    throw thrown
  }
}

/** A store that cannot be asked is a reason too: nothing may be written that could not be journaled. */
async function reasonToStop(store: Store, app: string, operationId: string): Promise<unknown> {
  try {
    if (!(await store.holdsLease(app, operationId))) return leaseLost(app, operationId)
    const operation = await store.operation(operationId)
    return operation?.cancelRequested === true ? cancelled(operationId) : null
  } catch (thrown) {
    return thrown
  }
}

export function leaseLost(app: string, operationId: string): HoldfastError {
  return new HoldfastError("LEASE_LOST", { what: `operation ${operationId} no longer holds the lease of ${app}` })
}

function cancelled(operationId: string): HoldfastError {
  return new HoldfastError("OPERATION_CANCELLED", { what: `operation ${operationId} was cancelled`, why: "`holdfast cancel` asked for it" })
}

/** The reason of an aborted run as one of our errors; anything that is not one counts as a cancellation. */
export function abortReason(signal: AbortSignal, operationId: string): HoldfastError {
  const reason: unknown = signal.reason
  if (reason instanceof HoldfastError) return reason
  return new HoldfastError("OPERATION_CANCELLED", { what: `operation ${operationId} was cancelled`, why: messageOf(reason), cause: reason })
}
