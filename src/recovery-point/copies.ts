import type { RunContext } from "../base/run-context.ts"
import type { Store } from "../operation/ports.ts"
import { appendLedger } from "../vault/ledger.ts"
import type { StoredItem } from "../vault/ports.ts"
import type { OpenVault } from "../vault/vault.ts"
import { readCopyEntries, readExpired, type ExpiredLink } from "./ledger-entries.ts"

/** A point's place in a chain, as ledgers name it. */
export interface ChainLink {
  readonly id: string
  readonly sequence: number
  readonly digest: string
}

/** What a vault's ledger says of points that were sealed elsewhere; the last word on each counts. */
export interface Copies {
  /** By the id of a point that was announced as copied, the id of the vault that it was sealed in. */
  readonly origins: ReadonlyMap<string, string>
  readonly copied: readonly ChainLink[]
  /** Points of the copied chains that were never here, or not yet: the gaps that they leave are no damage. */
  readonly absent: readonly ExpiredLink[]
}

export async function readCopies(vault: OpenVault, app: string, ctx: RunContext, listed?: readonly StoredItem[]): Promise<Copies> {
  const origins = new Map<string, string>()
  const copied = new Map<string, ChainLink>()
  const absent = new Map<string, ExpiredLink>()
  for (const entry of await readCopyEntries(vault, app, ctx, listed)) {
    for (const { origin, ...link } of entry.points) {
      origins.set(link.id, origin)
      copied.set(link.id, link)
      absent.delete(link.id)
    }
    for (const link of entry.absent) {
      absent.set(link.id, { ...link, at: entry.at })
      copied.delete(link.id)
    }
  }
  return { origins, copied: [...copied.values()], absent: [...absent.values()] }
}

/**
 * Writes into a vault's ledger what is about to come, and what of its chain will not be there: the chain of the copy can be checked
 * from then on, by the copy alone.
 */
export async function announceCopy(
  vault: OpenVault,
  app: string,
  entry: { readonly points: readonly (ChainLink & { readonly origin: string })[]; readonly absent: readonly ChainLink[] },
  ctx: RunContext,
): Promise<void> {
  if (entry.points.length + entry.absent.length === 0) return
  const plain = ({ id, sequence, digest }: ChainLink): ChainLink => ({ id, sequence, digest })
  const points = entry.points.map((point) => ({ ...plain(point), origin: point.origin }))
  const content = { points, absent: entry.absent.map(plain), operationId: ctx.operationId }
  await appendLedger(vault, { kind: "copy", app, at: ctx.clock.now(), entry: content }, ctx)
}

/** The chain of one app as a vault knows it. */
export interface ChainKnowledge extends Copies {
  /** Every place: points, those that were expired, those that never came. */
  readonly links: readonly ChainLink[]
  readonly expired: readonly ExpiredLink[]
}

/** @param listed all items of the app */
export async function readChain(
  vault: OpenVault,
  store: Store,
  app: string,
  ctx: RunContext,
  listed: readonly StoredItem[],
): Promise<ChainKnowledge> {
  const name = vault.location.name
  const copies = await readCopies(vault, app, ctx, listed)
  const expired = await readExpired(vault, app, ctx, listed)
  const known = [...(await store.points(app, name)), ...(await store.expiredPoints(app, name))]
  const links = [...expired, ...copies.absent, ...known].map(({ id, sequence, digest }) => ({ id, sequence, digest }))
  return { ...copies, expired, links: [...new Map(links.map((link) => [link.id, link])).values()] }
}
