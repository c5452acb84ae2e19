import type { RunContext } from "../base/run-context.ts"

/**
 * Does everything at the same time; results keep the order. The first failure cancels the rest, and is thrown once all of it has ended:
 * nothing goes on behind the back of whoever cleans up.
 */
export async function together<T>(works: readonly ((ctx: RunContext) => Promise<T>)[], ctx: RunContext): Promise<readonly T[]> {
  const failed = new AbortController()
  const failures: unknown[] = []
  const own = { ...ctx, signal: AbortSignal.any([ctx.signal, failed.signal]) }
  const ended = await Promise.all(
    works.map(async (work) => {
      try {
        return { value: await work(own) }
      } catch (thrown) {
        failures.push(thrown)
        failed.abort(thrown)
        return null
      }
    }),
  )
  if (failures.length > 0) throw failures[0]
  return ended.flatMap((one) => (one === null ? [] : [one.value]))
}
