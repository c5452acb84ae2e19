import { readdir, readFile, stat } from "node:fs/promises"
import type { Session } from "../../../app/ports.ts"

/** Processes of this machine other than ours that have one of these files open, by device and inode, not by name. */
export async function openersOf(paths: readonly string[]): Promise<readonly Session[]> {
  const wanted = new Set((await Promise.all(paths.map(identityOf))).filter((identity) => identity !== null))
  if (wanted.size === 0) return []
  const processIds = (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  const sessions: Session[] = []
  for (const processId of processIds) {
    // One after the other: a machine has many descriptors, and this must not exhaust ours.
    if (await hasOpen(processId, wanted)) sessions.push(await describeProcess(processId))
  }
  return sessions
}

async function hasOpen(processId: string, wanted: ReadonlySet<string>): Promise<boolean> {
  const directory = `/proc/${processId}/fd`
  const descriptors = await readdir(directory).catch(() => [])
  const identities = await Promise.all(descriptors.map(async (descriptor) => await identityOf(`${directory}/${descriptor}`)))
  return identities.some((identity) => identity !== null && wanted.has(identity))
}

/** Null for what is gone meanwhile or may not be seen. */
async function identityOf(path: string): Promise<string | null> {
  const status = await stat(path, { bigint: true }).catch(() => null)
  return status === null ? null : `${status.dev}:${status.ino}`
}

async function describeProcess(processId: string): Promise<Session> {
  const program = (await readFile(`/proc/${processId}/comm`, "utf8").catch(() => "gone")).trim()
  const owner = await stat(`/proc/${processId}`).catch(() => null)
  return { program, user: String(owner?.uid ?? "unknown"), address: `pid ${processId}` }
}
