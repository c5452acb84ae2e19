import type { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"

export interface OutageWatch {
  /** For each line of restic's standard error. */
  readonly onLine: (line: string) => void
  /** Aborted with the failure once nothing has worked for too long. */
  readonly signal: AbortSignal
}

const TRYING_AGAIN = /retrying after/i
const WORKED = /operation successful after/i

/**
 * restic tells each attempt that failed and the one that worked at last. A short cut is borne; a long one ends the run, so that what
 * waits behind it gets its turn.
 * @param failure what to tell, from restic's last words
 */
export function watchOutage(patienceMs: number, failure: (line: string) => HoldfastError, ctx: Pick<RunContext, "clock">): OutageWatch {
  const stop = new AbortController()
  let since: number | null = null
  const onLine = (line: string): void => {
    if (WORKED.test(line)) since = null
    if (!TRYING_AGAIN.test(line)) return
    const now = ctx.clock.monotonicMs()
    since ??= now
    if (now - since >= patienceMs) stop.abort(failure(line))
  }
  return { onLine, signal: stop.signal }
}
