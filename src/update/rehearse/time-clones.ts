import type { DatabaseSource } from "../../app/app.ts"
import { isHoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { UpdateTools } from "../ports.ts"

/** Copies each database beside itself and drops the copy: on this machine, with this data, as the update will do it. Null where one cannot be. */
export async function timeClones(
  tools: Pick<UpdateTools, "databases">,
  sources: readonly DatabaseSource[],
  ctx: RunContext,
): Promise<number | null> {
  let sumMs = 0
  for (const source of sources) {
    const engine = tools.databases.for(source)
    const { kept } = engine.planNames(source, ctx.operationId)
    const startedMs = ctx.clock.monotonicMs()
    if (engine.cloneBeside === undefined) return null
    try {
      await engine.cloneBeside(source, kept, ctx)
      sumMs += ctx.clock.monotonicMs() - startedMs
      await engine.drop(source, kept, ctx)
    } catch (thrown) {
      ctx.signal.throwIfAborted()
      if (!isHoldfastError(thrown)) throw thrown
      ctx.progress.warn(`how long copying database ${source.name} takes could not be measured: ${thrown.message}`)
      return null
    }
  }
  return Math.round(sumMs)
}
