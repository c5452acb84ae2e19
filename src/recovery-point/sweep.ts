import { z } from "zod"
import type { RunContext } from "../base/run-context.ts"
import type { Store } from "../operation/ports.ts"
import type { StoredItem } from "../vault/ports.ts"
import type { OpenVault } from "../vault/vault.ts"
import { MANIFEST_PART, syncListed } from "./sync.ts"

/** What a run that never finished has left in a vault. */
export interface Leftover {
  readonly point: string
  readonly newest: Date
  readonly items: readonly StoredItem[]
}

/**
 * Parts without a manifest. Not those of a point that was ever seen sealed: a manifest that is gone is damage to be looked into,
 * and its parts are the last of that point.
 */
export async function unsealedLeftovers(vault: OpenVault, store: Store, app: string, ctx: RunContext): Promise<readonly Leftover[]> {
  const all = await vault.backend.list(vault.location, { app }, ctx)
  const points = await syncListed(vault, store, app, all, ctx)
  const items = all.filter((item) => item.tags.point !== null)
  const sealed = new Set([
    ...items.filter((item) => item.tags.part === MANIFEST_PART).map((item) => item.tags.point),
    ...(await store.expiredPoints(app, vault.location.name)).map((point) => point.id),
    ...points.flatMap((point) => [point.manifest.id, point.manifest.previous?.id ?? null]),
    ...(await neededByKept(store, app)),
  ])
  const groups = Map.groupBy(
    items.filter((item) => !sealed.has(item.tags.point)),
    (item) => item.tags.point ?? "",
  )
  return [...groups].map(([point, parts]) => ({
    point,
    items: parts,
    newest: new Date(Math.max(...parts.map((item) => item.time.getTime()))),
  }))
}

const needsSchema = z.object({ needs: z.array(z.string()) })

/** What can still be taken back needs its parts, whether a point was made of them or not. */
async function neededByKept(store: Store, app: string): Promise<readonly string[]> {
  const records = (await store.kept(app)).filter((record) => record.releasedAt === null)
  return records.flatMap(({ details }) => needsSchema.safeParse(details).data?.needs ?? [])
}

/** Removes leftovers whose newest part is older than this; returns what was removed. Throws VAULT_DELETE_REFUSED. */
export async function sweepUnsealed(
  vault: OpenVault,
  store: Store,
  app: string,
  olderThanMs: number,
  ctx: RunContext,
): Promise<readonly Leftover[]> {
  const before = ctx.clock.now().getTime() - olderThanMs
  const old = (await unsealedLeftovers(vault, store, app, ctx)).filter((leftover) => leftover.newest.getTime() < before)
  const items = old.flatMap((leftover) => leftover.items)
  if (items.length > 0) await vault.backend.remove(vault.location, items, { freeSpace: true }, ctx)
  return old
}
