import type { OutputReader } from "./output.ts"

export interface Ending {
  begin(): void
  /** The child itself has ended; a group that was being ended must not outlive it. */
  release(): void
}

/** SIGTERM to the child's whole group, SIGKILL after a limit or when the child is gone. A group that is already gone is fine. */
export function endingOf(processId: number | undefined, killAfterMs: number): Ending {
  let timer: NodeJS.Timeout | undefined
  let released = false
  const send = (signal: NodeJS.Signals): void => {
    if (processId !== undefined) signalGroup(processId, signal)
  }
  return {
    begin: () => {
      // Once the child is gone its id may be another's, and a timer would only keep our own process from ending.
      if (timer !== undefined || released) return
      send("SIGTERM")
      timer = setTimeout(() => send("SIGKILL"), killAfterMs)
    },
    release: () => {
      released = true
      if (timer === undefined) return
      clearTimeout(timer)
      send("SIGKILL")
    },
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
  /** To be called after each piece of output: too much of it ends the child. */
  check(): void
  release(): void
  /** Throws the first reason for which the child was ended, if it was. */
  throwIfEnded(): void
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
  let ended: { readonly reason: unknown } | null = null
  const endFor = (reasonOf: () => unknown): void => {
    if (ended !== null) return
    ended = { reason: reasonOf() }
    limits.ending.begin()
  }
  const onAbort = (): void => endFor(() => limits.signal.reason)
  if (limits.signal.aborted) onAbort()
  limits.signal.addEventListener("abort", onAbort, { once: true })
  const timer = limits.timeoutMs === undefined ? undefined : setTimeout(() => endFor(limits.timeoutReason), limits.timeoutMs)
  return {
    check: () => {
      if (limits.output.overflowed()) endFor(limits.overflowReason)
    },
    release: () => {
      limits.signal.removeEventListener("abort", onAbort)
      clearTimeout(timer)
      limits.ending.release()
    },
    throwIfEnded: () => {
      if (ended !== null) throw ended.reason
    },
  }
}
