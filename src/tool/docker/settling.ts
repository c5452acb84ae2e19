import type { RunContext } from "../../base/run-context.ts"

/** For clean-up: the same run, but a cancellation that has already come does not stop it. */
export function settling(ctx: RunContext): RunContext {
  return { ...ctx, signal: new AbortController().signal }
}
