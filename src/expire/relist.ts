import type { RunContext } from "../base/run-context.ts"
import { manifestSchema } from "../recovery-point/manifest.ts"
import type { PointRecord } from "../operation/ports.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { ExpireTools } from "./ports.ts"
import { contentsOf, type VaultContents } from "./vault-contents.ts"

/**
 * Un-listed points of which the vault still holds everything are listed again: hiding what can be restored helps nobody. The
 * decision stays in the vault's ledger, and the next expiry takes it up.
 */
export async function relist(tools: ExpireTools, vault: OpenVault, app: string, ctx: RunContext): Promise<readonly string[]> {
  const contents = contentsOf(await vault.backend.list(vault.location, { app }, ctx))
  const expired = await tools.store.expiredPoints(app, vault.location.name)
  const whole = expired.filter((point) => isWhole(point, contents))
  const points = whole.map((point) => point.id)
  for (const point of whole) await tools.store.putPoint({ ...point, manifest: point.manifest, expiredAt: null })
  return points
}

function isWhole(point: PointRecord, contents: VaultContents): boolean {
  const stored = new Set([...(contents.byPoint.get(point.id) ?? []), ...contents.images].map((item) => item.treeId))
  const manifest = manifestSchema.parse(point.manifest)
  return contents.sealed.has(point.id) && manifest.parts.every((part) => stored.has(part.treeId))
}
