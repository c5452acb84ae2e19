import { HoldfastError, isHoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Store } from "../operation/ports.ts"
import { inParallel } from "../vault/in-parallel.ts"
import type { StoredItem } from "../vault/ports.ts"
import type { OpenVault } from "../vault/vault.ts"
import { readExpired, restoreRecords } from "./ledger-entries.ts"
import { pointFromRecord, pointFromText, recordOf, type SealedPoint } from "./sealed-point.ts"

export const MANIFEST_PART = "manifest"
export const MANIFEST_FILE = "manifest.json"

/**
 * Points of an app in a vault, oldest first, without expired ones. From the store when it has read this vault before;
 * else the vault is read first.
 */
export async function listPoints(vault: OpenVault, store: Store, app: string, ctx: RunContext): Promise<readonly SealedPoint[]> {
  if ((await store.value(syncedName(vault, app))) !== vault.vaultId) return await syncPoints(vault, store, app, ctx)
  return (await store.points(app, vault.location.name)).map(pointFromRecord)
}

/**
 * Brings the store up to what the vault holds: one list, then a read of each manifest that the store does not know; at the first
 * time also the ledgers. A manifest that cannot be read is named as a warning and is not listed. Returns the points.
 */
export async function syncPoints(vault: OpenVault, store: Store, app: string, ctx: RunContext): Promise<readonly SealedPoint[]> {
  return await syncListed(vault, store, app, await vault.backend.list(vault.location, { app }, ctx), ctx)
}

/** The same for one who has listed the app's items already, all of them. */
export async function syncListed(
  vault: OpenVault,
  store: Store,
  app: string,
  items: readonly StoredItem[],
  ctx: RunContext,
): Promise<readonly SealedPoint[]> {
  const name = vault.location.name
  const listed = items.filter((item) => item.tags.part === MANIFEST_PART)
  const first = (await store.value(syncedName(vault, app))) !== vault.vaultId
  const live = await store.points(app, name)
  const known = new Set([...live, ...(await store.expiredPoints(app, name))].map((point) => point.id))
  const unknown = listed.filter((item) => !known.has(item.tags.point ?? ""))
  const read = (await inParallel(unknown, async (item) => await readOrWarn(vault, app, item, ctx))).filter((point) => point !== null)
  const present = new Set(listed.map((item) => item.tags.point))
  const gone = live.filter((point) => !present.has(point.id)).map((point) => point.id)
  const expired = new Map(first || gone.length > 0 ? (await readExpired(vault, app, ctx, items)).map((link) => [link.id, link.at]) : [])
  for (const point of read) await store.putPoint(recordOf(point, expired.get(point.manifest.id) ?? null))
  await forgetExpiredElsewhere(
    store,
    app,
    name,
    gone.filter((id) => expired.has(id)),
    ctx,
  )
  if (first) {
    await restoreRecords(vault, store, app, items, ctx)
    await store.setValue(syncedName(vault, app), vault.vaultId)
  }
  return (await store.points(app, name)).map(pointFromRecord)
}

/** Another host, which shares the vault, has expired them. What is gone without a decision stays, for the chain's check to name. */
async function forgetExpiredElsewhere(store: Store, app: string, vault: string, ids: readonly string[], ctx: RunContext): Promise<void> {
  if (ids.length === 0) return
  await store.markExpired(app, vault, ids, ctx.clock.now())
  await store.removePoints(app, vault, ids)
}

/** The manifest of one point as the vault holds it. Throws POINT_UNSEALED, MANIFEST_INVALID, VAULT_DAMAGED. */
export async function readManifest(vault: OpenVault, app: string, id: string, ctx: RunContext): Promise<SealedPoint> {
  const items = await vault.backend.list(vault.location, { app, point: id, part: MANIFEST_PART }, ctx)
  const [item, ...others] = items
  if (item === undefined) throw new HoldfastError("POINT_UNSEALED", { what: `vault ${vault.location.name} holds no manifest of ${id}` })
  if (others.some((other) => other.treeId !== item.treeId)) {
    throw new HoldfastError("MANIFEST_INVALID", { what: `vault ${vault.location.name} holds ${items.length} different manifests of ${id}` })
  }
  return await readManifestItem(vault, app, item, ctx)
}

/** A manifest from its item. Throws MANIFEST_INVALID, VAULT_DAMAGED. */
export async function readManifestItem(vault: OpenVault, app: string, item: StoredItem, ctx: RunContext): Promise<SealedPoint> {
  const text = await vault.backend.readDocument(vault.location, item, MANIFEST_FILE, ctx)
  return pointFromText(text, vault.location.name, { app, id: item.tags.point ?? "" })
}

async function readOrWarn(vault: OpenVault, app: string, item: StoredItem, ctx: RunContext): Promise<SealedPoint | null> {
  try {
    return await readManifestItem(vault, app, item, ctx)
  } catch (thrown) {
    const damaged =
      isHoldfastError(thrown, "MANIFEST_INVALID") ||
      isHoldfastError(thrown, "VAULT_DAMAGED") ||
      isHoldfastError(thrown, "VAULT_READ_FAILED")
    if (!damaged) throw thrown
    ctx.progress.warn(`point ${item.tags.point ?? "without id"} in vault ${vault.location.name} is not listed: ${messageOf(thrown)}`)
    return null
  }
}

function syncedName(vault: OpenVault, app: string): string {
  return `synced:${vault.location.name}:${app}`
}
