import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { StoredItem } from "../vault/ports.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { ManifestPart } from "./manifest.ts"
import type { SealedPoint } from "./sealed-point.ts"

/**
 * The stored item of one part, found by its tags and its tree id. Throws PART_UNKNOWN when the manifest names no such part,
 * POINT_DAMAGED when the vault holds none, or another content in its place.
 */
export async function partItem(vault: OpenVault, point: SealedPoint, part: string, ctx: RunContext): Promise<StoredItem> {
  const { manifest } = point
  const recorded = manifest.parts.find((candidate) => candidate.part === part)
  if (recorded === undefined) throw new HoldfastError("PART_UNKNOWN", { what: `point ${manifest.id} has no part ${part}` })
  const items = await vault.backend.list(vault.location, { app: manifest.app, part }, ctx)
  return itemAmong(items, vault, point, recorded)
}

/** The same for every part of a point, by one listing. Throws POINT_DAMAGED for the first that is not there. */
export async function partItems(vault: OpenVault, point: SealedPoint, ctx: RunContext): Promise<ReadonlyMap<string, StoredItem>> {
  const items = await vault.backend.list(vault.location, { app: point.manifest.app }, ctx)
  return new Map(point.manifest.parts.map((part) => [part.part, itemAmong(items, vault, point, part)]))
}

function itemAmong(items: readonly StoredItem[], vault: OpenVault, { manifest }: SealedPoint, recorded: ManifestPart): StoredItem {
  const item = findPart(items, manifest.id, recorded)
  if (item !== null) return item
  const others = items.filter(
    (candidate) => candidate.tags.part === recorded.part && candidate.tags.point === pointOf(manifest.id, recorded),
  )
  throw damaged(manifest.id, vault.location.name, recorded, others)
}

/** The item with exactly this content under this point's name. */
export function findPart(items: readonly StoredItem[], id: string, part: ManifestPart): StoredItem | null {
  const found = items.find((item) => item.tags.part === part.part && item.tags.point === pointOf(id, part) && item.treeId === part.treeId)
  return found ?? null
}

/** Images belong to no point. */
function pointOf(id: string, part: ManifestPart): string | null {
  return part.kind === "image" ? null : id
}

function damaged(id: string, vault: string, part: ManifestPart, others: readonly StoredItem[]): HoldfastError {
  const [other] = others
  return new HoldfastError("POINT_DAMAGED", {
    what:
      other === undefined
        ? `${part.part} of point ${id} is not in vault ${vault}`
        : `${part.part} of point ${id} was replaced in vault ${vault}`,
    why: other === undefined ? "the vault lists no such item" : `content ${other.treeId} stands in place of ${part.treeId}`,
  })
}
