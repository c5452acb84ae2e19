import type { PointsOutput } from "../../../contract/output.ts"
import { formatBytes } from "../../../base/units.ts"
import type { PinRecord, PointSummary, ProofRecord, Store } from "../../../operation/ports.ts"
import type { CommandRun } from "../command-spec.ts"
import { knowPoints } from "../../house/known-points.ts"
import { appNames, vaultNames } from "../../house/names.ts"
import { renderTable } from "../render/table.ts"
import { formatInstant } from "../render/time.ts"

type ListedPoint = PointsOutput["points"][number]

/** `holdfast points` */
export const run: CommandRun = async (house, input) => {
  const [settings, store] = await Promise.all([house.settings(), house.use.store()])
  const vaults = vaultNames(settings, input.text("vault"))
  const apps = appNames(settings, input.argument("app"))
  await knowPoints(house, settings, apps, vaults)
  const lists = await Promise.all(apps.map(async (app) => await listed(store, app, vaults)))
  const points = lists.flat().toSorted((left, right) => right.sequence - left.sequence || (left.startedAt < right.startedAt ? 1 : -1))
  const shown = points.slice(0, input.count("limit") ?? points.length)
  const document: PointsOutput = { format: "holdfast.points", version: 1, points: shown }
  return {
    document,
    // Only when it is shown: ten thousand rows take their time.
    get lines() {
      return shown.length === 0 ? ["no points yet; `holdfast backup` takes the first one"] : renderTable(columns, shown.map(rowOf))
    },
  }
}

const columns = [
  { title: "POINT" },
  { title: "APP" },
  { title: "VAULT" },
  { title: "TAKEN" },
  { title: "PROOF" },
  { title: "SIZE", right: true },
  { title: "STORED", right: true },
  { title: "NOTES" },
]

async function listed(store: Store, app: string, vaults: readonly string[]): Promise<readonly ListedPoint[]> {
  const [proofs, pins, ...points] = await Promise.all([
    store.proofs(app),
    store.pins(app),
    ...vaults.map(async (vault) => await store.pointSummaries(app, vault)),
  ])
  const best = bestProofs(proofs)
  const pinned = pinnedPoints(pins)
  return points.flat().map((point) => listedPoint(point, best, pinned))
}

const RANK = { sealed: 0, read: 1, restored: 2, booted: 3 } as const

const keyOf = (vault: string, point: string): string => `${vault}\n${point}`

/** The highest proof of each point in each vault; the newest of equals. Proofs come oldest first. */
function bestProofs(proofs: readonly ProofRecord[]): ReadonlyMap<string, ProofRecord> {
  const best = new Map<string, ProofRecord>()
  for (const proof of proofs) {
    const key = keyOf(proof.vault, proof.point)
    const present = best.get(key)
    if (present === undefined || RANK[proof.level] >= RANK[present.level]) best.set(key, proof)
  }
  return best
}

/** The last word on each point counts. */
function pinnedPoints(pins: readonly PinRecord[]): ReadonlySet<string> {
  const last = new Map(pins.map((pin) => [pin.point, pin.pinned]))
  return new Set([...last].filter(([, pinned]) => pinned).map(([point]) => point))
}

function listedPoint(point: PointSummary, best: ReadonlyMap<string, ProofRecord>, pinned: ReadonlySet<string>): ListedPoint {
  const proof = best.get(keyOf(point.vault, point.id))
  const { id, app, vault, sequence, trigger, label, cold, appVersion, sizeBytes, storedBytes, warnings } = point
  return {
    id,
    app,
    vault,
    sequence,
    startedAt: point.startedAt.toISOString(),
    trigger,
    label,
    cold,
    appVersion,
    sizeBytes,
    storedBytes,
    warnings,
    parts: [...point.parts],
    pinned: pinned.has(id),
    proof: proof === undefined ? null : { level: proof.level, at: proof.at.toISOString() },
  }
}

function rowOf(point: ListedPoint): readonly string[] {
  const notes = [
    point.pinned ? "pinned" : null,
    point.cold ? "cold" : null,
    point.trigger === "manual" ? null : point.trigger,
    point.label,
    point.warnings === 0 ? null : `${point.warnings} warnings`,
  ]
  return [
    point.id,
    point.app,
    point.vault,
    formatInstant(new Date(point.startedAt)),
    point.proof?.level ?? "sealed",
    formatBytes(point.sizeBytes),
    formatBytes(point.storedBytes),
    notes.filter((note) => note !== null).join(", "),
  ]
}
