import type { StoredItem } from "../vault/ports.ts"

const DAY_MS = 86_400_000

/** The items of one app in a vault, sorted by what they are. */
export interface VaultContents {
  /** Ids of points whose manifest is there. */
  readonly sealed: ReadonlySet<string>
  /** Items by point id: manifest and parts, also of points that were never sealed. */
  readonly byPoint: ReadonlyMap<string, readonly StoredItem[]>
  readonly images: readonly StoredItem[]
}

export function contentsOf(items: readonly StoredItem[]): VaultContents {
  const ofPoints = items.filter((item) => item.tags.point !== null && !item.tags.part.startsWith("ledger:"))
  return {
    sealed: new Set(ofPoints.flatMap((item) => (isManifest(item) && item.tags.point !== null ? [item.tags.point] : []))),
    byPoint: Map.groupBy(ofPoints, (item) => item.tags.point ?? ""),
    images: items.filter((item) => item.tags.part.startsWith("image:")),
  }
}

export function isManifest(item: StoredItem): boolean {
  return item.tags.part === "manifest"
}

/** Images that no remaining point refers to; a young one may belong to a point that is not sealed yet. */
export function unusedImages(contents: VaultContents, usedParts: ReadonlySet<string>, now: Date): readonly StoredItem[] {
  return contents.images.filter((item) => !usedParts.has(item.tags.part) && isOld(item, now))
}

function isOld(item: StoredItem, now: Date): boolean {
  return now.getTime() - item.time.getTime() > DAY_MS
}
