import { stat, statfs } from "node:fs/promises"
import { resolve } from "node:path"
import type { App } from "../../app/app.ts"
import type { DiskFacts } from "../../posture/alarm-facts.ts"
import type { Settings } from "../../settings/settings.ts"

/** How full the disks are that Holdfast writes to and reads from; each disk once, by the first path on it. */
export async function diskFacts(stateDirectory: string, settings: Settings, apps: readonly App[]): Promise<readonly DiskFacts[]> {
  const disks = new Map<number, DiskFacts>()
  for (const path of [stateDirectory, ...vaultPaths(settings), ...apps.flatMap(sourcePaths)]) {
    const found = await diskOf(path)
    if (found !== null && !disks.has(found.device)) disks.set(found.device, found.facts)
  }
  return [...disks.values()]
}

function vaultPaths({ vaults, directory }: Settings): readonly string[] {
  return Object.values(vaults).flatMap(({ path }) => (path === undefined ? [] : [resolve(directory, path)]))
}

function sourcePaths(app: App): readonly string[] {
  const places = [
    ...app.databases.flatMap((database) => (database.engine === "sqlite" ? [database.place] : [])),
    ...app.files.map(({ place }) => place),
  ]
  return places.flatMap((place) => ("volume" in place ? [] : [place.path]))
}

/** A path that is not there has no disk; other alarms say that it is missing. */
async function diskOf(path: string): Promise<{ device: number; facts: DiskFacts } | null> {
  try {
    const [{ dev }, disk] = await Promise.all([stat(path), statfs(path)])
    const used = disk.blocks - disk.bfree
    const usable = used + disk.bavail
    return { device: dev, facts: { path, usedShare: usable === 0 ? 0 : used / usable, availableBytes: disk.bavail * disk.bsize } }
  } catch {
    return null
  }
}
