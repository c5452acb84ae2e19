import { mkdir, readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import type { HostIdentity } from "../../operation/operation.ts"
import type { Holder } from "../../operation/ports.ts"

/** Where one run of the program keeps its pipes and private copies. */
export interface RunDirectory {
  readonly path: string
  remove(): Promise<void>
}

/** Makes the directory (0700) of this process below `parent`. Whose a directory is stands in its name. */
export async function openRunDirectory(parent: string, host: HostIdentity): Promise<RunDirectory> {
  await mkdir(parent, { recursive: true, mode: 0o700 })
  await removeDeadRuns(parent, host)
  const path = join(parent, nameOf(host.self("")))
  await mkdir(path, { recursive: true, mode: 0o700 })
  return { path, remove: async () => await rm(path, { recursive: true, force: true }) }
}

/**
 * Removes the directories of processes that are proven dead: a run that was killed leaves pipes and copies, secrets among them, which nobody
 * else knows of. Nothing to do where there is no `parent`.
 */
export async function removeDeadRuns(parent: string, host: HostIdentity): Promise<void> {
  for (const name of await namesIn(parent)) {
    const holder = holderOf(name)
    if (holder !== null && !host.isAlive(holder)) await rm(join(parent, name), { recursive: true, force: true })
  }
}

async function namesIn(parent: string): Promise<readonly string[]> {
  try {
    return await readdir(parent)
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return []
    throw thrown
  }
}

function nameOf({ processId, processStart, bootId, host }: Holder): string {
  // No comma, colon or space: the path is handed to other programs' options.
  return `run_${processId}_${processStart}_${bootId}_${Buffer.from(host).toString("base64url")}`
}

const NAME = /^run_(\d+)_(\d+)_([0-9a-f-]+)_([A-Za-z0-9_-]+)$/

function holderOf(name: string): Holder | null {
  const [, processId, processStart, bootId, host] = NAME.exec(name) ?? []
  if (processId === undefined || processStart === undefined || bootId === undefined || host === undefined) return null
  return { processId: Number(processId), processStart, bootId, host: Buffer.from(host, "base64url").toString("utf8"), command: "" }
}
