/** Hands the vault's FIFO to a program in a helper container, which opens it by path. */
import { closeSync, constants, existsSync, openSync } from "node:fs"
import { mkdtemp, rm, stat } from "node:fs/promises"
import { userInfo } from "node:os"
import { join } from "node:path"
import type { Argv } from "../../../app/app.ts"
import type { ContainerEngine, DumpSource, ExecResult, HelperContainer } from "../../../app/ports.ts"
import type { RunContext } from "../../../base/run-context.ts"

export const STREAM = "/holdfast-stream"
const GATE = "/holdfast-gate"
/** Tells us that the stream is open, then reads it as standard input. */
const OPEN_AND_READ = `exec 3<${STREAM} && : >${GATE}/open && exec "$@" <&3`
const PAUSE_MS = 50

/** The vault's FIFO is ours alone (0600), so the helper must be us. */
export function ownIds(): string {
  const { uid, gid } = userInfo()
  return `${uid}:${gid}`
}

/**
 * Runs a helper whose program reads `dump` as its standard input. A producer that has already written everything and ended
 * leaves a FIFO without a writer, at which opening blocks for ever: we hold a write end until the helper has opened it.
 */
export async function readInHelper(
  containers: ContainerEngine,
  helper: HelperContainer,
  dump: DumpSource,
  scratchDirectory: string,
  ctx: RunContext,
): Promise<ExecResult> {
  const gate = await mkdtemp(join(scratchDirectory, "gate-"))
  // A plain file (an import) has no writer to wait for, and may not be writable.
  let held = (await stat(dump.path)).isFIFO() ? openSync(dump.path, constants.O_WRONLY | constants.O_NONBLOCK) : null
  const release = (): void => {
    if (held !== null) closeSync(held)
    held = null
  }
  try {
    const argv: Argv = ["sh", "-c", OPEN_AND_READ, "sh", ...helper.argv]
    const binds = [
      ...helper.binds,
      { hostPath: dump.path, target: STREAM, readOnly: true },
      { hostPath: gate, target: GATE, readOnly: false },
    ]
    let ended = false
    const running = containers.runHelper({ ...helper, argv, binds, user: ownIds() }, ctx).finally(() => (ended = true))
    running.catch(() => undefined)
    while (!ended && !existsSync(join(gate, "open"))) await ctx.clock.sleep(PAUSE_MS)
    release()
    return await running
  } finally {
    release()
    await rm(gate, { recursive: true, force: true })
  }
}
