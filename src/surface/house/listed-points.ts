import type { PointsOutput } from "../../contract/output.ts"
import type { PinRecord, PointSummary, ProofRecord, Store } from "../../operation/ports.ts"

export type ListedPoint = PointsOutput["points"][number]

/**
 * Points of one app in these vaults, one entry for each vault that holds it, oldest first in each.
 * @param all every vault that may hold a copy; those that are listed when left out
 */
export async function listedPoints(
  store: Store,
  app: string,
  vaults: readonly string[],
  all: readonly string[] = vaults,
): Promise<readonly ListedPoint[]> {
  const others = all.filter((vault) => !vaults.includes(vault))
  const [proofs, pins, ...points] = await Promise.all([
    store.proofs(app),
    store.pins(app),
    ...[...vaults, ...others].map(async (vault) => await store.pointSummaries(app, vault)),
  ])
  const best = bestProofs(proofs)
  const pinned = pinnedPoints(pins)
  const holders = holdersOf(points)
  return points
    .slice(0, vaults.length)
    .flat()
    .map((point) => listedPoint(point, best, pinned, holders(point)))
}

/** The vaults that hold each point; where there is one vault, nothing has to be looked up. */
function holdersOf(lists: readonly (readonly PointSummary[])[]): (point: PointSummary) => readonly string[] {
  const filled = lists.filter((list) => list.length > 0)
  if (filled.length <= 1) return (point) => [point.vault]
  const byId = new Map<string, string[]>()
  for (const { id, vault } of filled.flat()) {
    const holders = byId.get(id)
    if (holders === undefined) byId.set(id, [vault])
    else holders.push(vault)
  }
  return (point) => byId.get(point.id) ?? [point.vault]
}

export const RANK = { sealed: 0, read: 1, restored: 2, booted: 3 } as const

export const keyOf = (vault: string, point: string): string => `${vault}\n${point}`

/** The highest proof of each point in each vault; the newest of equals. Proofs come oldest first. */
export function bestProofs(proofs: readonly ProofRecord[]): ReadonlyMap<string, ProofRecord> {
  const best = new Map<string, ProofRecord>()
  for (const proof of proofs) {
    const key = keyOf(proof.vault, proof.point)
    const present = best.get(key)
    if (present === undefined || RANK[proof.level] >= RANK[present.level]) best.set(key, proof)
  }
  return best
}

/** The last word on each point counts. */
export function pinnedPoints(pins: readonly PinRecord[]): ReadonlySet<string> {
  const last = new Map(pins.map((pin) => [pin.point, pin.pinned]))
  return new Set([...last].filter(([, pinned]) => pinned).map(([point]) => point))
}

type Told = "id" | "sequence" | "trigger" | "label" | "cold" | "appVersion" | "sizeBytes" | "storedBytes" | "warnings"

/** What every list says of a point, whichever vault it is in. */
export function toldOf(point: PointSummary): Pick<PointSummary, Told> & { readonly startedAt: string; readonly parts: string[] } {
  const { id, sequence, trigger, label, cold, appVersion, sizeBytes, storedBytes, warnings } = point
  const startedAt = point.startedAt.toISOString()
  return { id, sequence, startedAt, trigger, label, cold, appVersion, sizeBytes, storedBytes, warnings, parts: [...point.parts] }
}

function listedPoint(
  point: PointSummary,
  best: ReadonlyMap<string, ProofRecord>,
  pinned: ReadonlySet<string>,
  vaults: readonly string[],
): ListedPoint {
  const proof = best.get(keyOf(point.vault, point.id))
  const { id, app, vault } = point
  return {
    ...toldOf(point),
    app,
    vault,
    pinned: pinned.has(id),
    proof: proof === undefined ? null : { level: proof.level, at: proof.at.toISOString() },
    vaults: vaults.toSorted(),
  }
}
