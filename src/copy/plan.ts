import type { Json } from "../base/canonical-json.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { counted } from "../base/units.ts"
import type { Store } from "../operation/ports.ts"
import { findPoint, pinsToCarry, type SealedPoint } from "../recovery-point/recovery-point.ts"
import type { OpenVault } from "../vault/vault.ts"
import { gonePoints, lookAt, type VaultSide } from "./two-vaults.ts"

export interface CopyRequest {
  readonly app: string
  readonly from: OpenVault
  /** The name of the vault that the points are to be in as well. */
  readonly target: string
  /** That vault; null when it was never made, and then everything is missing there. */
  readonly to: OpenVault | null
  /** Ids, beginnings, labels or `latest`; empty for every point that is missing. */
  readonly points: readonly string[]
}

export interface PlannedCopy {
  readonly id: string
  readonly startedAt: Date
  /** What the source says the point holds; what travels is at most this, as vaults share data. */
  readonly sizeBytes: number
}

export interface CopyPlan {
  readonly app: string
  readonly from: string
  readonly to: string
  readonly makesVault: boolean
  /** Newest first: the newest state is safe elsewhere soonest. */
  readonly points: readonly PlannedCopy[]
  /** Points of the source that the target expired by its own policy; they are not brought back. */
  readonly expiredThere: readonly string[]
  /** What stands in the way of single points; the others are copied. */
  readonly problems: readonly string[]
  /** Points that the target holds already, and whose pin, or its end, it has not been told. */
  readonly pins: readonly string[]
}

/** Whether applying the plan would do or say anything. */
export function hasWork({ points, problems, pins }: CopyPlan): boolean {
  return points.length + problems.length + pins.length > 0
}

/**
 * Decides what is to be copied, and changes nothing in either vault.
 * Throws USAGE when both are one vault, POINT_UNKNOWN, POINT_EXPIRED for a named point that the target let go, and CHAIN_BROKEN when the target no longer holds a
 * point that it held; naming the point says that it is to be copied again.
 */
export async function planCopy(store: Store, request: CopyRequest, ctx: RunContext): Promise<CopyPlan> {
  return (await planWithSides(store, request, ctx)).plan
}

/** The same, with what was seen on both sides. */
export interface SidedPlan {
  readonly plan: CopyPlan
  readonly wanted: readonly SealedPoint[]
  readonly source: VaultSide
  readonly target: VaultSide | null
}

export async function planWithSides(store: Store, request: CopyRequest, ctx: RunContext): Promise<SidedPlan> {
  const { app, from, to } = request
  if (from.vaultId === to?.vaultId) {
    throw new HoldfastError("USAGE", { what: `${from.location.name} and ${to.location.name} are one and the same vault` })
  }
  const source = await lookAt(from, store, app, ctx)
  const target = to === null ? null : await lookAt(to, store, app, ctx)
  const expired = target === null ? new Set<string>() : await expiredIn(target, store, app)
  const named = await namedPoints(store, request, ctx)
  refuseExpired(named, expired, request.target)
  refuseRolledBack(target, named)
  const wanted = (named ?? source.points).filter((point) => !target?.sealed.has(point.manifest.id))
  const missing = wanted.filter((point) => source.sealed.has(point.manifest.id) && !expired.has(point.manifest.id))
  const plan: CopyPlan = {
    app,
    from: from.location.name,
    to: request.target,
    makesVault: to === null,
    points: missing.map(plannedCopy).toReversed(),
    expiredThere: source.points.map((point) => point.manifest.id).filter((id) => expired.has(id)),
    problems: [...lostProblems(source, wanted), ...(target === null ? [] : conflicts(source, target))],
    pins: to === null ? [] : await pinsToCarry(to, store, app, ctx),
  }
  return { plan, wanted: missing, source, target }
}

/** What the target still lists was not let go, whatever was once decided. */
async function expiredIn({ vault, chain }: VaultSide, store: Store, app: string): Promise<ReadonlySet<string>> {
  const { name } = vault.location
  const listed = new Set((await store.points(app, name)).map((point) => point.id))
  const told = [...chain.expired, ...(await store.expiredPoints(app, name))]
  return new Set(told.map((link) => link.id).filter((id) => !listed.has(id)))
}

async function namedPoints(store: Store, { from, app, points }: CopyRequest, ctx: RunContext): Promise<readonly SealedPoint[] | null> {
  if (points.length === 0) return null
  const found = new Map<string, SealedPoint>()
  for (const selector of points) {
    const point = await findPoint(from, store, app, selector, ctx)
    found.set(point.manifest.id, point)
  }
  return [...found.values()].toSorted((left, right) => left.manifest.sequence - right.manifest.sequence)
}

function refuseExpired(named: readonly SealedPoint[] | null, expired: ReadonlySet<string>, vault: string): void {
  const gone = (named ?? []).map((point) => point.manifest.id).filter((id) => expired.has(id))
  if (gone.length > 0) throw new HoldfastError("POINT_EXPIRED", { what: `${gone.join(", ")} was expired in vault ${vault}` })
}

/** Somebody has to look before the gap is filled in silence; whoever names points has looked. */
function refuseRolledBack(target: VaultSide | null, named: readonly SealedPoint[] | null): void {
  const gone = target === null || named !== null ? [] : gonePoints(target)
  if (gone.length === 0 || target === null) return
  const { name } = target.vault.location
  throw new HoldfastError("CHAIN_BROKEN", {
    what: `vault ${name} no longer holds ${counted(gone.length, "point")} that it held, and nobody expired them`,
    why: some(gone),
    hint: "Find out why before you go on. To copy them again, name each with --point.",
    details: { gone },
  })
}

/** What the source lost before it was copied: the target cannot get it any more. */
function lostProblems(source: VaultSide, wanted: readonly SealedPoint[]): readonly string[] {
  const lost = wanted.map((point) => point.manifest.id).filter((id) => !source.sealed.has(id))
  return lost.length === 0 ? [] : [`vault ${source.vault.location.name} no longer holds ${some(lost)}, and nobody expired it there`]
}

/** The same name for two things: neither is overwritten. */
function conflicts(source: VaultSide, target: VaultSide): readonly string[] {
  const there = new Map(target.points.map((point) => [point.manifest.id, point.digest]))
  const different = source.points.filter(({ manifest, digest }) => (there.get(manifest.id) ?? digest) !== digest)
  return different.map(({ manifest }) => `vault ${target.vault.location.name} holds another point under the name ${manifest.id}`)
}

function plannedCopy({ manifest }: SealedPoint): PlannedCopy {
  const { id, startedAt, parts } = manifest
  return { id, startedAt: new Date(startedAt), sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0) }
}

function some(ids: readonly string[]): string {
  return ids.length > 5 ? `${ids.slice(0, 5).join(", ")} and ${ids.length - 5} more` : ids.join(", ")
}

/** The plan as journaled and as `--json` prints it; `vault` is the target, where settling looks. */
export function copyPlanToJson(plan: CopyPlan): Json {
  return {
    from: plan.from,
    vault: plan.to,
    makesVault: plan.makesVault,
    points: plan.points.map((point) => ({ ...point, startedAt: point.startedAt.toISOString() })),
    expiredThere: [...plan.expiredThere],
    problems: [...plan.problems],
    pins: [...plan.pins],
  }
}
