import type { RunContext } from "../base/run-context.ts"
import { announceCopy, readCopies, type ChainLink } from "../recovery-point/recovery-point.ts"
import type { OpenVault } from "../vault/vault.ts"
import { sealedIn, type VaultSide } from "./two-vaults.ts"

/** What the target's ledger is told: which points come, and which of their chain will not be there. */
export interface Announcer {
  /** These points come now. */
  announce(points: readonly ChainLink[], ctx: RunContext): Promise<void>
  /** These did not come after all. */
  withdraw(points: readonly ChainLink[], ctx: RunContext): Promise<void>
}

export function announcerFor(source: VaultSide, target: VaultSide, app: string): Announcer {
  // What the target has lost is not explained away: it stays a gap until somebody has looked.
  const explained = new Set([...target.chain.links.map((link) => link.id), ...target.sealed])
  const originOf = (id: string): string => source.chain.origins.get(id) ?? source.vault.vaultId
  return {
    announce: async (points, ctx) => {
      const coming = new Set(points.map((point) => point.id))
      const absent = source.chain.links.filter(({ id }) => !coming.has(id) && !explained.has(id))
      await announceCopy(target.vault, app, { points: points.map((point) => ({ ...point, origin: originOf(point.id) })), absent }, ctx)
      for (const { id } of [...absent, ...points]) explained.add(id)
    },
    withdraw: async (points, ctx) => await announceCopy(target.vault, app, { points: [], absent: points }, ctx),
  }
}

/** Of these points, those that were announced and are not there: a run that was interrupted did not come to them. */
export async function brokenPromises(
  vault: OpenVault,
  app: string,
  ids: ReadonlySet<string>,
  ctx: RunContext,
): Promise<readonly ChainLink[]> {
  const items = await vault.backend.list(vault.location, { app }, ctx)
  const present = sealedIn(items)
  return (await readCopies(vault, app, ctx, items)).copied.filter((link) => ids.has(link.id) && !present.has(link.id))
}
