import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Store } from "../operation/ports.ts"
import type { StoredItem } from "../vault/ports.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { ChainLink } from "./copies.ts"
import { findPart } from "./part-item.ts"
import { recordOf, type SealedPoint } from "./sealed-point.ts"
import { MANIFEST_PART, readManifestItem } from "./sync.ts"

/**
 * Lists a point that was copied into a vault: its manifest is read back from there, is the very one that was sealed, and all of its
 * parts are there. Throws POINT_UNSEALED, MANIFEST_INVALID, POINT_DAMAGED.
 * @param listed all items of the app in that vault, listed after the copy
 */
export async function takeInPoint(
  vault: OpenVault,
  store: Store,
  app: string,
  original: ChainLink,
  listed: readonly StoredItem[],
  ctx: RunContext,
): Promise<SealedPoint> {
  const { name } = vault.location
  const item = listed.find((candidate) => candidate.tags.part === MANIFEST_PART && candidate.tags.point === original.id)
  if (item === undefined)
    throw new HoldfastError("POINT_UNSEALED", { what: `the manifest of ${original.id} did not arrive in vault ${name}` })
  const point = await readManifestItem(vault, app, item, ctx)
  if (point.digest !== original.digest) {
    throw new HoldfastError("MANIFEST_INVALID", { what: `the manifest of ${original.id} in vault ${name} is not the one that was sealed` })
  }
  const missing = point.manifest.parts.filter((part) => findPart(listed, original.id, part) === null).map((part) => part.part)
  if (missing.length > 0) {
    throw new HoldfastError("POINT_DAMAGED", { what: `vault ${name} does not hold all parts of ${original.id}`, why: missing.join(", ") })
  }
  await store.putPoint(recordOf(point))
  return point
}
