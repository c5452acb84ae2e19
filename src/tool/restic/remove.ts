import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { StoredItem, VaultLocation } from "../../vault/ports.ts"
import { run, type ResticTools } from "./call.ts"
import { listItems } from "./list.ts"

/** Ids are long, and argument lists are not endless. */
const IDS_PER_CALL = 500

/** Forgets items and confirms it by listing again: an append-only server answers 403 and restic still exits 0 (design §5). */
export async function removeItems(
  tools: ResticTools,
  location: VaultLocation,
  items: readonly StoredItem[],
  options: { freeSpace: boolean },
  ctx: RunContext,
): Promise<void> {
  const present = await stillThere(tools, location, items, ctx)
  const attempt = { what: "cannot delete", otherwise: "VAULT_WRITE_FAILED" } as const
  // Deleting needs the vault for itself, and restic would wait minutes for the lock of a reader that was killed.
  if (present.length > 0 || options.freeSpace) await run(tools, location, ["unlock"], { ...attempt, what: "cannot remove dead locks" }, ctx)
  for (let from = 0; from < present.length; from += IDS_PER_CALL) {
    const ids = present.slice(from, from + IDS_PER_CALL).map((item) => item.storageId)
    await run(tools, location, ["forget", ...ids], attempt, ctx)
  }
  const left = present.length === 0 ? [] : await stillThere(tools, location, present, ctx)
  if (left.length > 0) throw refused(location, left)
  if (options.freeSpace)
    await run(tools, location, ["prune"], { ...attempt, what: "cannot free space" }, ctx, { stdout: { onLine: () => undefined } })
}

async function stillThere(
  tools: ResticTools,
  location: VaultLocation,
  items: readonly StoredItem[],
  ctx: RunContext,
): Promise<readonly StoredItem[]> {
  const listed = new Set((await listItems(tools, location, {}, ctx)).map((item) => item.storageId))
  return items.filter((item) => listed.has(item.storageId))
}

function refused(location: VaultLocation, left: readonly StoredItem[]): HoldfastError {
  const names = left.map((item) => [item.tags.point, item.tags.part].filter((name) => name !== null).join(" "))
  return new HoldfastError("VAULT_DELETE_REFUSED", {
    what: `vault ${location.name} still holds what was to be deleted`,
    why: names.slice(0, 10).join(", "),
    details: { left: names },
  })
}
