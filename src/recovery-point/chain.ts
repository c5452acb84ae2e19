import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Store } from "../operation/ports.ts"
import type { OpenVault } from "../vault/vault.ts"
import { readCopies } from "./copies.ts"
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

/** By the id of a copied point, the vault that it was sealed in. Points that are not named were sealed here. */
export type Origins = ReadonlyMap<string, string>

/**
 * Each point names the one before it by digest, so that one that was removed, swapped or altered shows. Gaps that the vault's ledger
 * explains (expired on purpose, never copied) are no damage. Throws CHAIN_BROKEN with all that is wrong.
 */
export function checkChain(points: readonly SealedPoint[], explained: readonly ExpiredLink[] = [], origins: Origins = new Map()): void {
  const problems = chainProblems(points.map(linkOf), explained, origins)
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
  const copies = await readCopies(vault, app, ctx, items)
  const explained = [...(await readExpired(vault, app, ctx, items)), ...copies.absent]
  const problems = [...gone, ...chainProblems(points.map(linkOf), explained, copies.origins)]
  if (problems.length > 0) throw broken(problems)
}

export function broken(problems: readonly string[]): HoldfastError {
  return new HoldfastError("CHAIN_BROKEN", { what: "the chain of points is broken", why: problems.join("; "), details: { problems } })
}

function linkOf(point: SealedPoint): Link {
  const { id, sequence, previous } = point.manifest
  return { id, sequence, digest: point.digest, previous }
}

function chainProblems(points: readonly Link[], explained: readonly ExpiredLink[], origins: Origins): readonly string[] {
  const links = points.toSorted((left, right) => left.sequence - right.sequence)
  const families = Map.groupBy(links, (link) => origins.get(link.id) ?? null)
  const ground: Ground = { links, byId: new Map(links.map((link) => [link.id, link])), explained }
  return [
    ...[...families.values()].flatMap(forks),
    ...[...families.values()].flatMap((family) => family.flatMap((link, at) => gapBefore(link, family[at - 1], ground))),
  ]
}

/** Points that were sealed in one vault: no two of them have the same place. A copy may hold those of several vaults. */
function forks(family: readonly Link[]): readonly string[] {
  return family.flatMap((link, at) => {
    const before = family[at - 1]
    return before?.sequence === link.sequence ? [`${before.id} and ${link.id} have the same place (${link.sequence})`] : []
  })
}

interface Ground {
  /** All points of the vault, in the order of their places. */
  readonly links: readonly Link[]
  readonly byId: ReadonlyMap<string, Link>
  readonly explained: readonly ExpiredLink[]
}

/** What is wrong between a point and the one that it names. `neighbour` is the one before it that was sealed in the same vault. */
function gapBefore(link: Link, neighbour: Link | undefined, ground: Ground): readonly string[] {
  const { previous } = link
  if (previous === null) return link.sequence === 1 ? [] : [`${link.id} has place ${link.sequence} and names no point before it`]
  if (neighbour?.sequence === link.sequence) return []
  const named = ground.byId.get(previous.id)
  if (named?.sequence === link.sequence - 1) return alteredProblems(link, previous, named)
  if (neighbour?.sequence === link.sequence - 1) return [`${link.id} follows ${previous.id}, but ${neighbour.id} stands there`]
  if (!ground.explained.some((one) => one.id === previous.id && one.digest === previous.digest)) {
    return [`${previous.id} is missing before ${link.id}`]
  }
  return unexplainedPlaces(link, ground)
}

function alteredProblems(link: Link, previous: NonNullable<Link["previous"]>, named: Link): readonly string[] {
  return previous.digest === named.digest ? [] : [`the manifest of ${named.id} is not the one that ${link.id} was sealed after`]
}

function unexplainedPlaces(link: Link, { links, explained }: Ground): readonly string[] {
  const before = links.findLast((one) => one.sequence < link.sequence)
  const from = (before?.sequence ?? 0) + 1
  const sequences = new Set(explained.map((one) => one.sequence))
  const places = Array.from({ length: link.sequence - from }, (_, at) => from + at).filter((sequence) => !sequences.has(sequence))
  return places.length === 0 ? [] : [`points at the places ${places.join(", ")} before ${link.id} are missing`]
}
