import { expect, it } from "vitest"
import { systemClock } from "../base/clock.ts"
import { silentLog, silentProgress, type RunContext } from "../base/run-context.ts"
import { together } from "./together.ts"

const ctx: RunContext = {
  signal: new AbortController().signal,
  progress: silentProgress,
  log: silentLog,
  clock: systemClock,
  operationId: "20260419t120000-abcdef",
}

it("keeps the order of results, whichever is there first", async () => {
  const late = async () => {
    await systemClock.sleep(20, ctx.signal)
    return "first"
  }
  expect(await together([late, async () => "second"], ctx)).toEqual(["first", "second"])
})

it("cancels the rest at the first failure, and throws that one only when all has ended", async () => {
  const ended: unknown[] = []
  const cancelled = async (own: RunContext): Promise<never> => {
    const { promise, reject } = Promise.withResolvers<never>()
    own.signal.addEventListener("abort", () => reject(own.signal.reason), { once: true })
    return await promise.finally(() => ended.push(own.signal.reason))
  }
  const failure = new Error("one part failed")
  await expect(together([cancelled, async () => await Promise.reject(failure)], ctx)).rejects.toBe(failure)
  expect(ended).toEqual([failure])
})
