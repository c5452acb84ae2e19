import { mkdir, mkdtemp, readdir, rm, statfs } from "node:fs/promises"
import { join } from "node:path"
import { HoldfastError } from "../../../base/errors.ts"
import { formatBytes } from "../../../base/units.ts"

/** Gives `use` a directory that only we can read, and removes it afterwards, whatever happens. */
export async function withPrivateDirectory<T>(parent: string, operationId: string, use: (directory: string) => Promise<T>): Promise<T> {
  await mkdir(parent, { recursive: true, mode: 0o700 })
  const directory = await mkdtemp(join(parent, prefixOf(operationId)))
  try {
    return await use(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Removes what an operation that died left behind. */
export async function removeLeftovers(parent: string, operationId: string): Promise<void> {
  const names = await readdir(parent).catch(() => [])
  const ours = names.filter((name) => name.startsWith(prefixOf(operationId)))
  await Promise.all(ours.map(async (name) => await rm(join(parent, name), { recursive: true, force: true })))
}

function prefixOf(operationId: string): string {
  return `sqlite-${operationId}-`
}

/** Throws SPACE_MISSING when `needBytes` do not fit where `directory` lies. */
export async function requireSpace(directory: string, needBytes: number, purpose: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory)
  const freeBytes = bavail * bsize
  if (freeBytes >= needBytes) return
  const what = `${purpose} needs ${formatBytes(needBytes)} in ${directory}, ${formatBytes(freeBytes)} are free`
  throw new HoldfastError("SPACE_MISSING", { what, details: { needBytes, freeBytes, directory } })
}
