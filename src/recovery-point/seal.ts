import { canonicalJson } from "../base/canonical-json.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Store } from "../operation/ports.ts"
import type { StoredItem } from "../vault/ports.ts"
import type { OpenVault } from "../vault/vault.ts"
import { broken } from "./chain.ts"
import { readExpired } from "./ledger-entries.ts"
import { manifestSchema, type Manifest } from "./manifest.ts"
import { findPart } from "./part-item.ts"
import { pointFromText, recordOf, type SealedPoint } from "./sealed-point.ts"
import { MANIFEST_FILE, MANIFEST_PART, readManifestItem, syncListed } from "./sync.ts"

/** A manifest without its place in the chain. */
export type ManifestDraft = Omit<Manifest, "sequence" | "previous" | "index">

/** With every earlier point, manifests would grow without end; older places are still held by each point's `previous`. */
const INDEX_LENGTH = 400

/** The last point of the chain, expired or not. */
interface Head {
  readonly id: string
  readonly digest: string
  readonly sequence: number
}

/** The newest manifest as the vault gave it a moment ago. An item's id is the digest of its content: listed under the same id, it is the same. */
export interface HeadRead {
  readonly storageId: string
  readonly digest: string
}

/**
 * Reads the head of the chain before it is needed, beside other work; sealing then only has to see that it is still listed.
 * Null when there is none or it cannot be read: sealing looks again and says so.
 */
export async function readHeadAhead(
  vault: OpenVault,
  store: Store,
  app: string,
  items: readonly StoredItem[],
  ctx: RunContext,
): Promise<HeadRead | null> {
  const live = (await store.points(app, vault.location.name)).at(-1)
  const item = items.find((candidate) => candidate.tags.part === MANIFEST_PART && candidate.tags.point === live?.id)
  if (item === undefined) return null
  try {
    return { storageId: item.storageId, digest: (await readManifestItem(vault, app, item, ctx)).digest }
  } catch {
    return null
  }
}

/**
 * Completes a point: takes its place in the chain as the vault has it, stores the manifest last, reads it back and compares bytes.
 * Throws POINT_DAMAGED when a part is not in the vault, CHAIN_BROKEN when the vault no longer holds the newest point that was seen.
 */
export async function sealPoint(
  vault: OpenVault,
  store: Store,
  draft: ManifestDraft,
  ctx: RunContext,
  ahead: HeadRead | null = null,
): Promise<SealedPoint> {
  const items = await vault.backend.list(vault.location, { app: draft.app }, ctx)
  const points = await syncListed(vault, store, draft.app, items, ctx)
  refuseMissingParts(draft, items, vault)
  const head = await trustedHead(vault, store, draft.app, items, ahead, ctx)
  const text = canonicalJson(placed(draft, head, points))
  const point = pointFromText(text, vault.location.name, draft)
  const tags = { app: draft.app, point: draft.id, part: MANIFEST_PART }
  const readBack = await vault.backend.storeDocumentAndReadBack(vault.location, tags, MANIFEST_FILE, text, ctx)
  if (readBack !== text) {
    throw new HoldfastError("VAULT_DAMAGED", {
      what: `the manifest of ${draft.id} came back from vault ${vault.location.name} as something else`,
    })
  }
  await store.putPoint(recordOf(point))
  return point
}

function placed(draft: ManifestDraft, head: Head | null, points: readonly SealedPoint[]): Manifest {
  const index = points
    .slice(-INDEX_LENGTH)
    .map(({ manifest, digest }) => ({ id: manifest.id, digest, sequence: manifest.sequence }))
    .toReversed()
  return manifestSchema.parse({
    ...draft,
    sequence: (head?.sequence ?? 0) + 1,
    previous: head === null ? null : { id: head.id, digest: head.digest },
    index,
  })
}

function refuseMissingParts(draft: ManifestDraft, items: readonly StoredItem[], vault: OpenVault): void {
  if (items.some((item) => item.tags.part === MANIFEST_PART && item.tags.point === draft.id)) {
    throw new HoldfastError("MANIFEST_INVALID", { what: `point ${draft.id} is sealed already in vault ${vault.location.name}` })
  }
  const missing = draft.parts.filter((part) => findPart(items, draft.id, part) === null).map((part) => part.part)
  if (missing.length === 0) return
  throw new HoldfastError("POINT_DAMAGED", {
    what: `point ${draft.id} was not sealed: vault ${vault.location.name} does not hold all of its parts`,
    why: missing.join(", "),
  })
}

/** The newest point that was ever seen; when the vault no longer has it, no new chain starts silently. */
async function trustedHead(
  vault: OpenVault,
  store: Store,
  app: string,
  items: readonly StoredItem[],
  ahead: HeadRead | null,
  ctx: RunContext,
): Promise<Head | null> {
  const name = vault.location.name
  const live = (await store.points(app, name)).at(-1) ?? null
  const expired = [...(await store.expiredPoints(app, name)), ...(await expiredInLedger(vault, app, items, ctx))]
  const gone = expired.reduce<Head | null>((best, link) => (best === null || link.sequence > best.sequence ? link : best), null)
  if (live === null || (gone !== null && gone.sequence > live.sequence)) return gone
  const item = items.find((candidate) => candidate.tags.part === MANIFEST_PART && candidate.tags.point === live.id)
  if (item === undefined) throw broken([`${live.id}, the newest point, is no longer in vault ${name}`])
  const stored = ahead?.storageId === item.storageId ? ahead : await readManifestItem(vault, app, item, ctx)
  if (stored.digest !== live.digest) throw broken([`the manifest of ${live.id} in vault ${name} is not the one that was sealed`])
  return { id: live.id, digest: live.digest, sequence: live.sequence }
}

/** Read only where there is a ledger of it: most vaults of an app have none for a long time. */
async function expiredInLedger(vault: OpenVault, app: string, items: readonly StoredItem[], ctx: RunContext): Promise<readonly Head[]> {
  return items.some((item) => item.tags.part === "ledger:expiry") ? await readExpired(vault, app, ctx) : []
}
