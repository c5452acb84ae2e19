/** Where throwaway servers live, named after their operation so that what a killed one left behind is found and removed. */
import { chmod, mkdir, mkdtemp, readdir, readlink, rm, symlink } from "node:fs/promises"
import { join } from "node:path"
import type { RunContext } from "../../../base/run-context.ts"

/** Short, because a socket's path has at most 107 bytes, and reachable for whichever user a server of this machine runs as. */
const PARENT = "/var/tmp"
const GONE_LIMIT_MS = 10_000
const PAUSE_MS = 50

/** For a server of this machine. */
export async function makeScratchPlace(ctx: RunContext): Promise<string> {
  return await mkdtemp(join(PARENT, prefixOf(ctx.operationId)))
}

/** Where a server in a container has its socket. */
export interface ContainerPlace {
  /** What the container is given: open to whichever user its image has, in a directory that is closed to everybody else. */
  readonly directory: string
  /** The same by a short name, for those who connect. */
  readonly sockets: string
  remove(): Promise<void>
}

/**
 * For a server in a container: below `parent`, the operation's own directory, which the engine sees at the same path also when Holdfast itself is
 * in a container, and which a proxy before the engine lets through. It may be too deep for a socket's path, so it is linked to.
 */
export async function makeContainerPlace(parent: string, ctx: RunContext): Promise<ContainerPlace> {
  const link = await makeScratchPlace(ctx)
  await mkdir(parent, { recursive: true, mode: 0o700 })
  const directory = await mkdtemp(join(parent, "sockets-"))
  await chmod(directory, 0o777)
  const sockets = join(link, "s")
  await symlink(directory, sockets)
  return {
    directory,
    sockets,
    remove: async () => {
      for (const each of [link, directory]) await rm(each, { recursive: true, force: true })
    },
  }
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
