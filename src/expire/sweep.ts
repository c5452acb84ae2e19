import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { manifestSchema } from "../recovery-point/manifest.ts"
import type { StoredItem } from "../vault/ports.ts"
import { oldLeftovers } from "./leftovers.ts"
import { imageParts } from "./plan.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { ExpireTools } from "./ports.ts"
import { contentsOf, isManifest, unusedImages } from "./vault-contents.ts"

/** The parts of removing that are journaled one by one; each may be repeated. */
export interface Sweep {
  removeManifests(): Promise<void>
  removeData(): Promise<void>
  /** Forgets the un-listed points once a listing shows that nothing of them is left. Returns their ids. */
  forget(): Promise<readonly string[]>
}

/** Removes what is un-listed in the store, what was never sealed, and images that no listed point refers to. */
export function sweepOf(tools: ExpireTools, vault: OpenVault, app: string, ctx: RunContext): Sweep {
  const { backend, location } = vault
  const expiredIds = async (): Promise<readonly string[]> => (await tools.store.expiredPoints(app, location.name)).map((point) => point.id)
  const remaining = async (ids: readonly string[]): Promise<readonly StoredItem[]> => {
    const contents = contentsOf(await backend.list(location, { app }, ctx))
    return ids.flatMap((id) => contents.byPoint.get(id) ?? [])
  }
  return {
    removeManifests: async () => {
      const manifests = (await remaining(await expiredIds())).filter(isManifest)
      if (manifests.length > 0) await backend.remove(location, manifests, { freeSpace: false }, ctx)
    },
    removeData: async () => {
      const items = [...(await remaining(await expiredIds())), ...(await strayItems(tools, vault, app, ctx))]
      if (items.length > 0) await backend.remove(location, items, { freeSpace: true }, ctx)
    },
    forget: async () => {
      const ids = await expiredIds()
      const left = await remaining(ids)
      if (left.length > 0) throw stillThere(location.name, left)
      await tools.store.removePoints(app, location.name, ids)
      return ids
    },
  }
}

/** What no point, listed or un-listed, has any claim to. */
async function strayItems(tools: ExpireTools, vault: OpenVault, app: string, ctx: RunContext): Promise<readonly StoredItem[]> {
  const leftovers = await oldLeftovers(tools.store, vault, app, ctx)
  const contents = contentsOf(await vault.backend.list(vault.location, { app }, ctx))
  const listed = await tools.store.points(app, vault.location.name)
  const used = imageParts(listed.map((point) => manifestSchema.parse(point.manifest)))
  return [...leftovers.flatMap((leftover) => leftover.items), ...unusedImages(contents, used, ctx.clock.now())]
}

function stillThere(vault: string, left: readonly StoredItem[]): HoldfastError {
  const points = [...new Set(left.map((item) => item.tags.point))]
  return new HoldfastError("VAULT_DELETE_REFUSED", {
    what: `${vault} still holds ${left.length} items of ${points.length} expired points`,
    why: points.join(", "),
  })
}
