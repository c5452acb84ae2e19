/** Where throwaway servers live, named after their operation so that what a killed one left behind is found and removed. */
import { mkdir, mkdtemp, readdir, readlink, rm } from "node:fs/promises"
import { join } from "node:path"
import type { RunContext } from "../../../base/run-context.ts"

/** Short, and reachable for whichever user a server of this machine runs as. */
const PARENT = "/var/tmp"
/** The longest path that a Unix socket may have, and what comes below the directory of an operation. */
const SOCKET_PATH_BYTES = 107
const NAME = "pg-"
const BELOW = `${NAME}XXXXXX/s/.s.PGSQL.5432`
const GONE_LIMIT_MS = 10_000
const PAUSE_MS = 50

/** For a server of this machine. */
export async function makeScratchPlace(ctx: RunContext): Promise<string> {
  return await mkdtemp(join(PARENT, prefixOf(ctx.operationId)))
}

/**
 * For a server in a container: in the operation's own directory, which the engine sees at the same path also when Holdfast itself is in a
 * container, and which a proxy before the engine lets through. One that is too deep for a socket leaves the usual place.
 */
export async function makeContainerPlace(directory: string, ctx: RunContext): Promise<string> {
  if (Buffer.byteLength(join(directory, BELOW)) > SOCKET_PATH_BYTES) return await makeScratchPlace(ctx)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  return await mkdtemp(join(directory, NAME))
}

/** Ends the servers that an operation left behind, then removes their directories. Nothing there is fine. */
export async function sweepScratchPlaces(operationId: string, ctx: RunContext): Promise<void> {
  const names = (await readdir(PARENT).catch(() => [])).filter((name) => name.startsWith(prefixOf(operationId)))
  for (const name of names) {
    const place = join(PARENT, name)
    await endProcessesIn(place, ctx)
    await rm(place, { recursive: true, force: true })
  }
}

function prefixOf(operationId: string): string {
  return `holdfast-scratch-${operationId}-`
}

/** Every process of a server works in its data directory: that tells them apart better than a number in a file. */
async function endProcessesIn(place: string, ctx: RunContext): Promise<void> {
  const deadlineMs = ctx.clock.monotonicMs() + GONE_LIMIT_MS
  for (;;) {
    const found = await processesIn(place)
    for (const processId of found) end(processId)
    if (found.length === 0 || ctx.clock.monotonicMs() > deadlineMs) return
    await ctx.clock.sleep(PAUSE_MS, ctx.signal)
  }
}

async function processesIn(place: string): Promise<readonly number[]> {
  const found: number[] = []
  for (const name of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(name)) continue
    const directory = await readlink(`/proc/${name}/cwd`).catch(() => "")
    if (directory === place || directory.startsWith(`${place}/`)) found.push(Number(name))
  }
  return found
}

/** Nothing of it is worth an orderly end. */
function end(processId: number): void {
  try {
    process.kill(processId, "SIGKILL")
  } catch {
    // Gone by itself meanwhile.
  }
}
