/** A time limit by progress: a child that neither reads nor writes for a while hangs, however long the whole run may take (F13). */
import { readFile } from "node:fs/promises"
import { HoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { ChildResult, RunningChild } from "../../process/process.ts"

const CHECKS_PER_LIMIT = 4

/** Waits for the child; ends it and throws TOOL_TIMEOUT when it moved no byte for `limitMs`. */
export async function endWithoutProgress(child: RunningChild, limitMs: number, ctx: RunContext): Promise<ChildResult> {
  const over = new AbortController()
  const watching = stalled(child.processId, limitMs, { ...ctx, signal: AbortSignal.any([ctx.signal, over.signal]) })
  try {
    const first = await Promise.race([child.done, watching.then(() => null)])
    if (first !== null) return first
    await child.end()
    throw new HoldfastError("TOOL_TIMEOUT", { what: `pg_restore made no progress for ${Math.round(limitMs / 1000)} s and was ended` })
  } finally {
    over.abort()
    await watching
  }
}

/** Resolves when the process moved nothing for the limit, or when it is no longer asked. */
async function stalled(processId: number, limitMs: number, ctx: RunContext): Promise<void> {
  let last = ""
  let sinceMs = ctx.clock.monotonicMs()
  while (!ctx.signal.aborted) {
    const moved = await bytesMoved(processId)
    if (moved !== last) sinceMs = ctx.clock.monotonicMs()
    last = moved
    if (ctx.clock.monotonicMs() - sinceMs >= limitMs) return
    await ctx.clock.sleep(limitMs / CHECKS_PER_LIMIT, ctx.signal).catch(() => undefined)
  }
}

/** The kernel's count of bytes read and written; where it does not tell, the child's processor time. */
async function bytesMoved(processId: number): Promise<string> {
  const counters = await readFile(`/proc/${processId}/io`, "utf8").catch(() => null)
  return counters ?? (await readFile(`/proc/${processId}/stat`, "utf8").catch(() => ""))
}
