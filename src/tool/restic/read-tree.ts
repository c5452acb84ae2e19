import { open, rm } from "node:fs/promises"
import { join } from "node:path"
import type { RunContext } from "../../base/run-context.ts"
import type { ListedEntry, StoredItem, VaultLocation } from "../../vault/ports.ts"
import { run, type ResticTools } from "./call.ts"
import { EMPTY_MARKER } from "./empty-marker.ts"
import { listEntries } from "./entries.ts"

/**
 * Reads every byte of a tree and throws it away. restic compares each blob with its content address as it reads it; without the cache,
 * so that directories come from the vault as well. `check` is not used: it keeps backups out (design §5).
 */
export async function readTree(
  tools: ResticTools,
  location: VaultLocation,
  item: StoredItem,
  ctx: RunContext,
): Promise<{ sizeBytes: number; files: number }> {
  const attempt = { what: `cannot read ${item.tags.part}`, otherwise: "VAULT_READ_FAILED" } as const
  const nowhere = await open("/dev/null", "w")
  try {
    await run(tools, location, ["dump", "--no-cache", "--archive=tar", item.storageId, "/"], attempt, ctx, { stdout: { fd: nowhere.fd } })
  } finally {
    await nowhere.close()
  }
  return await sizesOf(listEntries(tools, location, item, ctx))
}

async function sizesOf(entries: AsyncIterable<ListedEntry>): Promise<{ sizeBytes: number; files: number }> {
  let sizeBytes = 0
  let files = 0
  for await (const entry of entries) {
    if (entry.kind !== "file") continue
    files += 1
    sizeBytes += entry.sizeBytes
  }
  return { sizeBytes, files }
}

/** Restores a whole tree, or the paths named, into a directory of ours. */
export async function restoreTree(
  tools: ResticTools,
  location: VaultLocation,
  item: StoredItem,
  target: string,
  options: { include?: readonly string[] },
  ctx: RunContext,
): Promise<void> {
  const attempt = {
    what: `cannot restore ${item.tags.part} into ${target}`,
    otherwise: "VAULT_READ_FAILED",
    full: "SPACE_MISSING",
  } as const
  const include = (options.include ?? []).map((path) => `--include=${path}`)
  const args = ["restore", "--no-cache", "--sparse", `--target=${target}`, ...include, "--", item.storageId]
  await run(tools, location, args, attempt, ctx, { stdout: { onLine: () => undefined } })
  await rm(join(target, EMPTY_MARKER), { force: true })
}
