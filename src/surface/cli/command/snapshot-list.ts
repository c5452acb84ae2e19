import { formatBytes } from "../../../base/units.ts"
import type { SnapshotsOutput } from "../../../contract/output-points.ts"
import { importedFrom, snapshotFiles, type SnapshotFile } from "../../../exchange/snapshot-files.ts"
import type { PointSummary, ProofRecord, Store } from "../../../operation/ports.ts"
import { manifestSchema } from "../../../recovery-point/manifest.ts"
import { highestProof } from "../../../recovery-point/recovery-point.ts"
import type { CommandRun } from "../command-spec.ts"
import { knowPoints } from "../../house/known-points.ts"
import { oneAppName, vaultNames } from "../../house/names.ts"
import { renderTable } from "../render/table.ts"
import { formatInstant } from "../render/time.ts"
import { snapshotDirectory } from "../snapshot-point.ts"

type Snapshot = SnapshotsOutput["snapshots"][number]

/**
 * `holdfast snapshot list`: our points and the files that chatalot-snapshot left, newest first. What is older than the rollback window is
 * marked; `--within-window` hides it, as the updater's page does (C17). Hiding deletes nothing.
 */
export const run: CommandRun = async (house, input) => {
  const [settings, store, directory] = await Promise.all([house.settings(), house.use.store(), snapshotDirectory(house)])
  const app = oneAppName(settings, null)
  const vaults = vaultNames(settings, null)
  await knowPoints(house, settings, [app], vaults)
  const windowMs = settings.dropIn?.rollbackWindowMs ?? DEFAULT_WINDOW_MS
  const since = house.clock.now().getTime() - windowMs
  const files = directory === null ? [] : await snapshotFiles(directory)
  const found = await snapshotsOf(store, app, vaults, files, since)
  const shown = input.flag("within-window") ? found.filter((one) => one.withinWindow) : found
  const document: SnapshotsOutput = { format: "holdfast.snapshots", version: 1, app, directory, windowMs, snapshots: shown }
  return {
    document,
    lines: shown.length === 0 ? ["no snapshots; `holdfast snapshot create` takes one"] : renderTable(columns, shown.map(rowOf)),
  }
}

const DEFAULT_WINDOW_MS = 24 * 3_600_000

async function snapshotsOf(
  store: Store,
  app: string,
  vaults: readonly string[],
  files: readonly SnapshotFile[],
  since: number,
): Promise<Snapshot[]> {
  const proofs = await store.proofs(app)
  const summaries = (await Promise.all(vaults.map(async (vault) => await store.pointSummaries(app, vault)))).flat()
  const imports = await importsOf(store, app, vaults)
  const paths = new Set(files.map((file) => file.path))
  const alsoFiles = new Set([...imports].flatMap(([path, point]) => (paths.has(path) ? [point] : [])))
  const points = summaries.filter((point) => !alsoFiles.has(point.id)).map((point) => ofPoint(point, proofs, since))
  const known = new Set(points.map((point) => point.id))
  const others = files.filter((file) => !known.has(file.id)).map((file) => ofFile(file, imports.get(file.path) ?? null, proofs, since))
  return [...points, ...others].toSorted((left, right) => right.takenAt.localeCompare(left.takenAt))
}

/** File → the point that was made of it. */
async function importsOf(store: Store, app: string, vaults: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const points = (await Promise.all(vaults.map(async (vault) => await store.points(app, vault)))).flat()
  return new Map(points.flatMap(({ id, manifest }) => importedFrom(manifestSchema.parse(manifest)).map((path) => [path, id] as const)))
}

function ofPoint(point: PointSummary, proofs: readonly ProofRecord[], since: number): Snapshot {
  const { id, label, sizeBytes, startedAt } = point
  const version = point.appVersion
  return { id, kind: "point", point: id, path: null, label, version, sizeBytes, ...judged(startedAt, since), proof: proofOf(id, proofs) }
}

function ofFile(file: SnapshotFile, point: string | null, proofs: readonly ProofRecord[], since: number): Snapshot {
  const { id, path, label, version, sizeBytes, takenAt } = file
  const proof = point === null ? null : proofOf(point, proofs)
  return { id, kind: "file", point, path, label, version, sizeBytes, ...judged(takenAt, since), proof }
}

function judged(takenAt: Date, since: number): Pick<Snapshot, "takenAt" | "withinWindow"> {
  return { takenAt: takenAt.toISOString(), withinWindow: takenAt.getTime() >= since }
}

function proofOf(point: string, proofs: readonly ProofRecord[]): Snapshot["proof"] {
  return highestProof(proofs.filter((proof) => proof.point === point))?.level ?? "sealed"
}

const columns = [{ title: "SNAPSHOT" }, { title: "TAKEN" }, { title: "PROOF" }, { title: "SIZE", right: true }, { title: "NOTES" }]

function rowOf(one: Snapshot): readonly string[] {
  const file = one.point === null ? "file, not read yet" : `file, imported as ${one.point}`
  const notes = [one.label, one.kind === "file" ? file : null, one.withinWindow ? null : "older than the rollback window"]
  return [
    one.id,
    formatInstant(new Date(one.takenAt)),
    one.proof ?? "none",
    formatBytes(one.sizeBytes),
    notes.filter((note) => note !== null).join(", "),
  ]
}
