import type { App, Keep } from "../app/app.ts"
import { canonicalJson, sha256, type Json } from "../base/canonical-json.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { decideRetention, type Decision, type Reason } from "../retention/retention.ts"
import type { Leftover } from "../recovery-point/recovery-point.ts"
import type { StoredItem } from "../vault/ports.ts"
import { judgePoints, type JudgedPoint } from "./facts.ts"
import { assertPlausibleClock } from "./plausible-clock.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { ExpireTools } from "./ports.ts"
import { assertStoreKnowsVault } from "./store-behind.ts"
import { oldLeftovers } from "./leftovers.ts"
import { contentsOf, unusedImages } from "./vault-contents.ts"

export interface ExpireOptions {
  readonly policy: Keep
  readonly timezone: string
  /** For points of secrets and configuration alone; `policy` when left out. */
  readonly onChange?: Keep
  /** The operator says that a sharp drop in size was intended; points are then not suspicious for it. */
  readonly acceptSmaller: boolean
}

export interface PlannedPoint {
  readonly id: string
  readonly startedAt: Date
  readonly keep: boolean
  readonly reasons: readonly Reason[]
  /** Bytes that the point added to the vault when it was taken; what removal frees is at most this, as data is shared. */
  readonly storedBytes: number
}

export interface ExpirePlan {
  readonly app: App
  readonly vault: string
  readonly options: ExpireOptions
  /** Newest first. */
  readonly points: readonly PlannedPoint[]
  /** Points that an earlier run un-listed and whose data may still be there. */
  readonly unfinished: readonly string[]
  readonly unsealed: readonly Leftover[]
  readonly unusedImages: readonly StoredItem[]
  /** At most this many bytes become free. */
  readonly storedBytes: number
  /** Digest of everything that decided; a plan made before a change is refused. */
  readonly generation: string
}

/**
 * Decides what goes, and changes nothing.
 * Throws RETENTION_INVALID, CLOCK_IMPLAUSIBLE, STORE_BEHIND, CHAIN_BROKEN, VAULT_DELETE_REFUSED (an append-only vault).
 */
export async function planExpire(
  tools: ExpireTools,
  app: App,
  vault: OpenVault,
  options: ExpireOptions,
  ctx: RunContext,
): Promise<ExpirePlan> {
  refuseAppendOnly(vault)
  const now = ctx.clock.now()
  const judged = await judgePoints(tools.store, app, vault.location.name, options.acceptSmaller)
  assertPlausibleClock(now, judged.at(-1))
  const decisions = decideRetention(judged, options.policy, now, options.timezone, policiesOfGroups(judged, options))
  const expired = (await tools.store.expiredPoints(app.name, vault.location.name)).map((point) => point.id)
  const contents = contentsOf(await vault.backend.list(vault.location, { app: app.name }, ctx))
  await assertStoreKnowsVault(tools.store, vault, app.name, { sealed: contents.sealed, listed: judged, expired })
  const points = plannedPoints(judged, decisions)
  return {
    app,
    vault: vault.location.name,
    options,
    points,
    unfinished: expired,
    unsealed: await oldLeftovers(tools.store, vault, app.name, ctx),
    unusedImages: unusedImages(contents, imagesOfKept(judged, decisions), now),
    storedBytes: points.filter((point) => !point.keep).reduce((sum, point) => sum + point.storedBytes, 0),
    generation: generationOf(judged, options),
  }
}

function policiesOfGroups(judged: readonly JudgedPoint[], { onChange }: ExpireOptions): ReadonlyMap<string, Keep> {
  if (onChange === undefined) return new Map()
  return new Map(judged.filter(holdsNoData).map((point) => [point.group, onChange]))
}

function holdsNoData({ group, manifest }: JudgedPoint): boolean {
  return group.startsWith("without ") && manifest.parts.every((part) => part.kind === "secrets" || part.kind === "configuration")
}

/** Ids of the points that the plan lets go. */
export function goingPoints(plan: ExpirePlan): readonly string[] {
  return plan.points.filter((point) => !point.keep).map((point) => point.id)
}

/** Whether the plan would change anything. */
export function isIdle(plan: ExpirePlan): boolean {
  return goingPoints(plan).length + plan.unfinished.length + plan.unsealed.length + plan.unusedImages.length === 0
}

/** The plan as journaled and as `--json` prints it. */
export function planToJson(plan: ExpirePlan): Json {
  return {
    vault: plan.vault,
    policy: { ...plan.options.policy },
    timezone: plan.options.timezone,
    acceptSmaller: plan.options.acceptSmaller,
    generation: plan.generation,
    storedBytes: plan.storedBytes,
    points: plan.points.map((point) => ({
      ...point,
      startedAt: point.startedAt.toISOString(),
      reasons: point.reasons.map((reason) => ({ ...reason })),
    })),
    unfinished: [...plan.unfinished],
    unsealed: plan.unsealed.map((leftover) => leftover.point),
    unusedImages: plan.unusedImages.map((item) => item.tags.part),
  }
}

function refuseAppendOnly(vault: OpenVault): void {
  if (!vault.location.appendOnly) return
  throw new HoldfastError("VAULT_DELETE_REFUSED", {
    what: `${vault.location.name} is append-only: nothing can be removed from it with these credentials`,
    hint: "Set `expireCredentials` for this vault on a machine that may delete, and run `holdfast expire` there.",
  })
}

function plannedPoints(judged: readonly JudgedPoint[], decisions: readonly Decision[]): readonly PlannedPoint[] {
  const byId = new Map(judged.map((point) => [point.id, point]))
  return decisions.flatMap(({ id, keep, reasons }) => {
    const point = byId.get(id)
    if (point === undefined) return []
    const storedBytes = point.manifest.parts.reduce((sum, part) => sum + part.storedBytes, 0)
    return { id, startedAt: point.startedAt, keep, reasons, storedBytes }
  })
}

function imagesOfKept(judged: readonly JudgedPoint[], decisions: readonly Decision[]): ReadonlySet<string> {
  const kept = new Set(decisions.flatMap((decision) => (decision.keep ? [decision.id] : [])))
  return imageParts(judged.filter((point) => kept.has(point.id)).map((point) => point.manifest))
}

export function imageParts(manifests: readonly JudgedPoint["manifest"][]): ReadonlySet<string> {
  return new Set(manifests.flatMap((manifest) => manifest.parts.flatMap((part) => (part.kind === "image" ? [part.part] : []))))
}

function generationOf(judged: readonly JudgedPoint[], options: ExpireOptions): string {
  const facts = judged.map((point): Json => [
    point.digest,
    point.sequence,
    point.proven,
    point.failed,
    point.suspicious,
    point.pinned,
    point.neededBy,
  ])
  const onChange = options.onChange === undefined ? {} : { onChange: { ...options.onChange } }
  return sha256(canonicalJson({ facts, policy: { ...options.policy }, timezone: options.timezone, ...onChange }))
}
