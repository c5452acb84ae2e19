import type { OutputReader } from "./output.ts"

export interface Ending {
  begin(): void
  release(): void
}

/** SIGTERM to the child's whole group, SIGKILL after a limit. A group that is already gone is fine. */
export function endingOf(processId: number | undefined, killAfterMs: number): Ending {
  let timer: NodeJS.Timeout | undefined
  const send = (signal: NodeJS.Signals): void => {
    if (processId !== undefined) signalGroup(processId, signal)
  }
  return {
    begin: () => {
      if (timer !== undefined) return
      send("SIGTERM")
      timer = setTimeout(() => send("SIGKILL"), killAfterMs)
    },
    release: () => clearTimeout(timer),
  }
}

function signalGroup(processId: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-processId, signal)
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "ESRCH")) throw thrown
  }
}

export interface Watch {
  release(): void
  reason(): unknown
}

/** Ends the child on cancellation, on time-out or on too much output; the first reason wins. */
export function watchChild(limits: {
  signal: AbortSignal
  timeoutMs: number | undefined
  ending: Ending
  output: OutputReader
  timeoutReason: () => unknown
  overflowReason: () => unknown
}): Watch {
  let reason: unknown = null
  const endFor = (why: () => unknown): void => {
    if (reason !== null) return
    reason = why()
    limits.ending.begin()
  }
  const onAbort = (): void => endFor(() => limits.signal.reason)
  if (limits.signal.aborted) onAbort()
  limits.signal.addEventListener("abort", onAbort, { once: true })
  const timer = limits.timeoutMs === undefined ? undefined : setTimeout(() => endFor(limits.timeoutReason), limits.timeoutMs)
  return {
    release: () => {
      limits.signal.removeEventListener("abort", onAbort)
      clearTimeout(timer)
      limits.ending.release()
    },
    reason: () => reason ?? (limits.output.overflowed() ? limits.overflowReason() : null),
  }
}
