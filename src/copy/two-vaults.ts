import type { RunContext } from "../base/run-context.ts"
import type { Store } from "../operation/ports.ts"
import { readChain, type ChainKnowledge, type SealedPoint } from "../recovery-point/recovery-point.ts"
import { MANIFEST_PART, syncListed } from "../recovery-point/sync.ts"
import type { StoredItem } from "../vault/ports.ts"
import type { OpenVault } from "../vault/vault.ts"

/** One vault of a copy as it is now: what it lists, what the store lists of it, and its chain. */
export interface VaultSide {
  readonly vault: OpenVault
  /** All items of the app. */
  readonly items: readonly StoredItem[]
  /** Points that the store lists, oldest first; those that are gone without a decision are among them. */
  readonly points: readonly SealedPoint[]
  /** Ids of points whose manifest the vault holds. */
  readonly sealed: ReadonlySet<string>
  readonly chain: ChainKnowledge
}

/** Reads one side; brings the store up to what the vault holds. */
export async function lookAt(vault: OpenVault, store: Store, app: string, ctx: RunContext): Promise<VaultSide> {
  const items = await vault.backend.list(vault.location, { app }, ctx)
  const points = await syncListed(vault, store, app, items, ctx)
  return { vault, items, points, sealed: sealedIn(items), chain: await readChain(vault, store, app, ctx, items) }
}

/** Points that the store lists and the vault no longer holds, though nobody expired them. */
export function gonePoints(side: VaultSide): readonly string[] {
  return side.points.map((point) => point.manifest.id).filter((id) => !side.sealed.has(id))
}

/** Ids of points whose manifest is among the items. */
export function sealedIn(items: readonly StoredItem[]): ReadonlySet<string> {
  return new Set(items.flatMap(({ tags }) => (tags.part === MANIFEST_PART && tags.point !== null ? [tags.point] : [])))
}
