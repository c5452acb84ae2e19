import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Store } from "../operation/ports.ts"
import type { OpenVault } from "../vault/vault.ts"
import { readExpired, type ExpiredLink } from "./ledger-entries.ts"
import type { SealedPoint } from "./sealed-point.ts"
import { MANIFEST_PART, syncListed } from "./sync.ts"

export type { ExpiredLink } from "./ledger-entries.ts"

/** A point's place in the chain. */
interface Link {
  readonly id: string
  readonly sequence: number
  readonly digest: string
  readonly previous: { readonly id: string; readonly digest: string } | null
}

/**
 * Each point names the one before it by digest, so that one that was removed, swapped or altered shows. Points that were expired on
 * purpose are no damage. Throws CHAIN_BROKEN with all that is wrong.
 */
export function checkChain(points: readonly SealedPoint[], expired: readonly ExpiredLink[] = []): void {
  const problems = chainProblems(points.map(linkOf), expired)
  if (problems.length > 0) throw broken(problems)
}

/**
 * The chain as the vault holds it now, against what the store has seen: also tells a vault that was rolled back to an earlier state.
 * Throws CHAIN_BROKEN.
 */
export async function checkVaultChain(vault: OpenVault, store: Store, app: string, ctx: RunContext): Promise<void> {
  const items = await vault.backend.list(vault.location, { app }, ctx)
  const points = await syncListed(vault, store, app, items, ctx)
  const present = new Set(items.filter((item) => item.tags.part === MANIFEST_PART).map((item) => item.tags.point))
  const gone = points.filter((point) => !present.has(point.manifest.id)).map((point) => `${point.manifest.id} is no longer in the vault`)
  const problems = [...gone, ...chainProblems(points.map(linkOf), await readExpired(vault, app, ctx, items))]
  if (problems.length > 0) throw broken(problems)
}

export function broken(problems: readonly string[]): HoldfastError {
  return new HoldfastError("CHAIN_BROKEN", { what: "the chain of points is broken", why: problems.join("; "), details: { problems } })
}

function linkOf(point: SealedPoint): Link {
  const { id, sequence, previous } = point.manifest
  return { id, sequence, digest: point.digest, previous }
}

function chainProblems(points: readonly Link[], expired: readonly ExpiredLink[]): readonly string[] {
  const links = points.toSorted((left, right) => left.sequence - right.sequence)
  return [...forks(links), ...links.flatMap((link, at) => gapBefore(link, links[at - 1], expired))]
}

function forks(links: readonly Link[]): readonly string[] {
  return links.flatMap((link, at) => {
    const before = links[at - 1]
    return before?.sequence === link.sequence ? [`${before.id} and ${link.id} have the same place (${link.sequence})`] : []
  })
}

/** What is wrong between a point and the one before it that is still there. */
function gapBefore(link: Link, before: Link | undefined, expired: readonly ExpiredLink[]): readonly string[] {
  if (link.previous === null) return link.sequence === 1 ? [] : [`${link.id} has place ${link.sequence} and names no point before it`]
  if (before?.sequence === link.sequence) return []
  const explained = expired.find((one) => one.id === link.previous?.id && one.digest === link.previous.digest)
  if (before?.sequence === link.sequence - 1) return directProblems(link, link.previous, before)
  if (explained === undefined) return [`${link.previous.id} is missing before ${link.id}`]
  const from = (before?.sequence ?? 0) + 1
  const sequences = new Set(expired.map((one) => one.sequence))
  const unexplained = Array.from({ length: link.sequence - from }, (_, at) => from + at).filter((sequence) => !sequences.has(sequence))
  return unexplained.length === 0 ? [] : [`points at the places ${unexplained.join(", ")} before ${link.id} are missing`]
}

function directProblems(link: Link, previous: NonNullable<Link["previous"]>, before: Link): readonly string[] {
  if (previous.id !== before.id) return [`${link.id} follows ${previous.id}, but ${before.id} stands there`]
  return previous.digest === before.digest ? [] : [`the manifest of ${before.id} is not the one that ${link.id} was sealed after`]
}
