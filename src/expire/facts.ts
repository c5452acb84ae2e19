import type { App } from "../app/app.ts"
import type { KeptRecord, OperationRecord, PointRecord, Store } from "../operation/ports.ts"
import { manifestSchema, type Manifest } from "../recovery-point/manifest.ts"
import type { RetentionPoint } from "../retention/retention.ts"
import { suspiciousPoints } from "./suspicion.ts"

/** A listed point with everything that decides about it. */
export interface JudgedPoint extends RetentionPoint {
  readonly digest: string
  readonly manifest: Manifest
}

/** Outcomes of verify and drill that mean: do not trust this copy. */
const DAMAGE: ReadonlySet<string> = new Set([
  "VAULT_DAMAGED",
  "POINT_DAMAGED",
  "MANIFEST_INVALID",
  "DUMP_TRUNCATED",
  "DUMP_DAMAGED",
  "SQLITE_DAMAGED",
  "DATABASE_FACTS_DIFFER",
  "FILES_DIFFER",
])

/** Reads what is known of the points of one app in one vault, oldest first. */
export async function judgePoints(store: Store, app: App, vault: string, acceptSmaller: boolean): Promise<readonly JudgedPoint[]> {
  const records = await store.points(app.name, vault)
  const points = records.map((record) => ({ record, manifest: manifestSchema.parse(record.manifest) }))
  const manifests = points.map((point) => point.manifest)
  const knowledge: Knowledge = {
    proven: await provenAt(store, app.name, vault),
    damaged: await damagedAt(store, app.name, vault),
    pinned: await pinnedPoints(store, app.name),
    revocable: await revocableOperations(store, app.name),
    suspicious: acceptSmaller ? new Set() : suspiciousPoints(manifests, app.thresholds, app.recipe?.volatileTables),
  }
  return points.map(({ record, manifest }) => judge(record, manifest, knowledge))
}

interface Knowledge {
  readonly proven: ReadonlyMap<string, number>
  readonly damaged: ReadonlyMap<string, number>
  readonly pinned: ReadonlySet<string>
  readonly revocable: ReadonlySet<string>
  readonly suspicious: ReadonlySet<string>
}

function judge(record: PointRecord, manifest: Manifest, known: Knowledge): JudgedPoint {
  const { id, sequence, startedAt, digest } = record
  return {
    id,
    sequence,
    startedAt,
    digest,
    manifest,
    group: groupOf(manifest),
    proven: known.proven.has(id),
    failed: (known.damaged.get(id) ?? 0) > (known.proven.get(id) ?? 0),
    suspicious: known.suspicious.has(id),
    pinned: known.pinned.has(id),
    migration: manifest.trigger === "migration",
    neededBy: neededBy(manifest, known.revocable),
  }
}

function neededBy(manifest: Manifest, revocable: ReadonlySet<string>): string | null {
  if (revocable.has(manifest.id)) return manifest.operationId
  const before = manifest.trigger === "safety" || manifest.trigger === "update"
  return before && revocable.has(manifest.operationId) ? manifest.operationId : null
}

/** Whole, routine points are one group; what a person imported, a safety point and a point without some parts never push one of them out. */
function groupOf(manifest: Manifest): string {
  const origin = manifest.trigger === "safety" || manifest.trigger === "import" ? [manifest.trigger] : []
  const missing = manifest.leftOut.length > 0 ? [`without ${manifest.leftOut.toSorted().join(", ")}`] : []
  return [...origin, ...missing].join(" ")
}

/** Instant (ms) of the newest proof of each point that was read or better. */
async function provenAt(store: Store, app: string, vault: string): Promise<ReadonlyMap<string, number>> {
  const proofs = (await store.proofs(app)).filter((proof) => proof.vault === vault && proof.level !== "sealed")
  return newestOf(proofs.map((proof) => [proof.point, proof.at.getTime()]))
}

/** Instant (ms) of the newest check that found each point damaged. */
async function damagedAt(store: Store, app: string, vault: string): Promise<ReadonlyMap<string, number>> {
  const operations = await store.operations({ app })
  return newestOf(operations.flatMap((operation) => damageIn(operation, vault)))
}

function damageIn(operation: OperationRecord, vault: string): [string, number][] {
  if (operation.kind !== "verify" && operation.kind !== "drill") return []
  if (operation.finishedAt === null || !DAMAGE.has(operation.errorCode ?? "")) return []
  const plan = operation.plan
  if (plan === null || typeof plan !== "object" || !("point" in plan) || !("vault" in plan)) return []
  return plan.vault === vault && typeof plan.point === "string" ? [[plan.point, operation.finishedAt.getTime()]] : []
}

function newestOf(entries: readonly (readonly [string, number])[]): ReadonlyMap<string, number> {
  const newest = new Map<string, number>()
  for (const [point, at] of entries) newest.set(point, Math.max(at, newest.get(point) ?? 0))
  return newest
}

async function pinnedPoints(store: Store, app: string): Promise<ReadonlySet<string>> {
  const inOrder = (await store.pins(app)).toSorted((left, right) => left.at.getTime() - right.at.getTime())
  const state = new Map(inOrder.map((pin) => [pin.point, pin.pinned]))
  return new Set([...state].flatMap(([point, pinned]) => (pinned ? [point] : [])))
}

/** Operations whose safety point may still be needed: not finished, or with kept state that can be swapped back. Their points as well. */
async function revocableOperations(store: Store, app: string): Promise<ReadonlySet<string>> {
  const unfinished = await store.operations({ app, unfinished: true })
  const kept = (await store.kept(app)).filter((record) => record.releasedAt === null)
  return new Set([
    ...unfinished.map((operation) => operation.id),
    ...kept.flatMap((record) => [record.operationId, ...safetyPointIn(record)]),
  ])
}

function safetyPointIn({ details }: KeptRecord): readonly string[] {
  if (details === null || typeof details !== "object" || !("safetyPoint" in details)) return []
  return typeof details.safetyPoint === "string" ? [details.safetyPoint] : []
}
