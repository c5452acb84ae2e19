import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Journal } from "../operation/journal.ts"
import type { Store } from "../operation/ports.ts"
import { findPart, takeInPoint, type ChainLink, type SealedPoint } from "../recovery-point/recovery-point.ts"
import { MANIFEST_PART } from "../recovery-point/sync.ts"
import type { StoredItem } from "../vault/ports.ts"
import type { Announcer } from "./announcer.ts"
import type { CopySteps } from "./steps.ts"
import type { VaultSide } from "./two-vaults.ts"

/** What the batches of one run have in common. */
export interface CopyGround {
  readonly app: string
  readonly store: Store
  readonly source: VaultSide
  /** As it was when the run began. */
  readonly target: VaultSide
  readonly announcer: Announcer
  readonly journal: Journal<CopySteps>
  readonly ctx: RunContext
}

/**
 * Brings some points over: parts, then the word in the ledger, then the manifests, read back before they are listed.
 * Throws POINT_DAMAGED when the source itself does not hold all of a point, and whatever stands in the way.
 */
export async function copyBatch(ground: CopyGround, points: readonly SealedPoint[]): Promise<void> {
  const { app, source, journal, announcer, ctx } = ground
  const to = ground.target.vault
  const { backend, location } = to
  const details = { app, from: source.vault.location.name, vault: location.name, points: points.map((point) => point.manifest.id) }
  const manifests = points.map((point) => manifestItem(source, point))
  const parts = missingParts(ground, points)
  await journal.step("copy-parts", details, async () => {
    if (parts.length > 0) await backend.copy(source.vault.location, location, parts, ctx)
  })
  await journal.step("announce", details, async () => await announcer.announce(points.map(linkOf), ctx))
  await journal.step("copy-manifests", details, async () => await backend.copy(source.vault.location, location, manifests, ctx))
  await journal.step("list-points", details, async () => {
    const listed = await backend.list(location, { app }, ctx)
    for (const point of points) await takeInPoint(to, ground.store, app, linkOf(point), listed, ctx)
  })
}

export function linkOf({ manifest, digest }: SealedPoint): ChainLink {
  return { id: manifest.id, sequence: manifest.sequence, digest }
}

/** Items of the source that the target lacked when the run began. What came since, such as a shared image, is not copied twice. */
function missingParts({ source, target }: CopyGround, points: readonly SealedPoint[]): readonly StoredItem[] {
  const needed = new Map<string, StoredItem>()
  for (const { manifest } of points) {
    for (const part of manifest.parts) {
      const item = findPart(source.items, manifest.id, part)
      if (item === null) throw notInSource(source, manifest.id, part.part)
      if (findPart(target.items, manifest.id, part) === null) needed.set(item.storageId, item)
    }
  }
  return [...needed.values()]
}

function manifestItem(source: VaultSide, point: SealedPoint): StoredItem {
  const { id } = point.manifest
  const item = source.items.find(({ tags }) => tags.part === MANIFEST_PART && tags.point === id)
  if (item === undefined) throw notInSource(source, id, MANIFEST_PART)
  return item
}

function notInSource(source: VaultSide, id: string, part: string): HoldfastError {
  return new HoldfastError("POINT_DAMAGED", { what: `vault ${source.vault.location.name} does not hold ${part} of ${id}` })
}
