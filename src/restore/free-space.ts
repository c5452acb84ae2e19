import { stat, statfs } from "node:fs/promises"
import { dirname } from "node:path"
import { HoldfastError } from "../base/errors.ts"
import { formatBytes } from "../base/units.ts"

/** So much is needed at one place, on its file system. */
export interface SpaceNeed {
  readonly place: string
  readonly bytes: number
}

/** What one file system has to hold, and what is free on it. */
export interface SpaceThere {
  readonly where: string
  readonly neededBytes: number
  readonly freeBytes: number
}

/** Adds needs up by file system: places that share one share its room. In the order of the needs. */
export async function addUpSpace(needs: readonly SpaceNeed[]): Promise<readonly SpaceThere[]> {
  const byDevice = new Map<number, SpaceThere>()
  for (const { place, bytes } of needs) {
    const where = await nearestThere(place)
    const { dev } = await stat(where)
    const before = byDevice.get(dev) ?? { where, neededBytes: 0, freeBytes: await freeBytes(where) }
    byDevice.set(dev, { ...before, neededBytes: before.neededBytes + bytes })
  }
  return [...byDevice.values()]
}

/** What a disaster took away cannot be asked for its space; the directory that would hold it can. */
async function nearestThere(path: string): Promise<string> {
  try {
    await stat(path)
    return path
  } catch {
    return path === dirname(path) ? path : await nearestThere(dirname(path))
  }
}

async function freeBytes(where: string): Promise<number> {
  const status = await statfs(where)
  return status.bavail * status.bsize
}

/** Throws SPACE_MISSING naming the first place with too little. */
export function refuseLackOfSpace(space: readonly SpaceThere[]): void {
  const tight = space.find((place) => place.freeBytes < place.neededBytes)
  if (tight === undefined) return
  throw new HoldfastError("SPACE_MISSING", {
    what: `${tight.where} has ${formatBytes(tight.freeBytes)} free, ${formatBytes(tight.neededBytes)} are needed beside the live state`,
  })
}
