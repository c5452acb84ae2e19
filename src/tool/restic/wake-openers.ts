import { closeSync, constants, openSync } from "node:fs"
import type { RunContext } from "../../base/run-context.ts"

const EVERY_MS = 250

/**
 * Opening a named pipe waits for the other end. When restic has died before a container opened its end, that would wait for ever:
 * once `gone` has settled, the missing end is opened for an instant again and again, until `stop`.
 * @param end which end restic held
 */
export function wakeOpeners(path: string, gone: Promise<unknown>, end: "reader" | "writer", ctx: RunContext): { stop(): void } {
  const stopped = new AbortController()
  const flag = end === "reader" ? constants.O_RDONLY : constants.O_WRONLY
  const poke = async (): Promise<void> => {
    await gone.catch(() => undefined)
    while (!stopped.signal.aborted) {
      touch(path, flag)
      await ctx.clock.sleep(EVERY_MS, stopped.signal).catch(() => undefined)
    }
  }
  void poke()
  return { stop: () => stopped.abort() }
}

/** Without a reader, opening for writing without waiting is refused (ENXIO): then nobody waits there. */
function touch(path: string, flag: number): void {
  try {
    closeSync(openSync(path, flag | constants.O_NONBLOCK))
  } catch {
    // The name is gone or nobody is there: nobody is waiting.
  }
}
