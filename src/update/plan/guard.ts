/** What has to hold before an update is even planned: each refusal says why, and what would help (design §10, step 1). */
import type { App } from "../../app/app.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import { formatDuration } from "../../base/units.ts"
import type { OperationRecord, ProofRecord } from "../../operation/ports.ts"
import { isUnderWay } from "../../operation/under-way.ts"
import { markDamage } from "../../posture/damage.ts"
import { newestProven, type PosturePoint } from "../../posture/proven.ts"
import { compareVersionTexts } from "../../release/version.ts"
import type { FoundReleases, InstallableRelease } from "../../release/installable.ts"
import { howItFailed, type Failure } from "./failed-before.ts"
import type { UpdateTools } from "../ports.ts"
import type { UpdatePlan } from "../update-plan.ts"

/** How old the data may be that was proven to restore, where `objectives.exposure` does not say. */
const DEFAULT_PROOF_AGE_MS = 7 * 24 * 3_600_000

/** Throws OPERATION_BUSY for work of somebody else, OPERATION_UNSETTLED for a run that was interrupted. */
export async function refuseOtherWork(tools: UpdateTools, app: App, ctx: RunContext): Promise<void> {
  for (const one of await tools.store.operations({ app: app.name, unfinished: true })) {
    if (one.id === ctx.operationId) continue
    if (await isUnderWay(tools, one)) {
      throw new HoldfastError("OPERATION_BUSY", {
        what: `${app.name} is being worked on by another operation`,
        why: `\`${one.holder.command}\` (process ${one.holder.processId} on ${one.holder.host}) runs operation ${one.id}`,
        details: { operationId: one.id },
      })
    }
    throw new HoldfastError("OPERATION_UNSETTLED", {
      what: `operation ${one.id} (${one.kind} of ${app.name}) was interrupted and is not settled`,
      hint: "Run the command again; it settles what was interrupted first.",
      details: { operationId: one.id },
    })
  }
}

/** The next release on the way, and those after it. Throws UPDATE_NOTHING_NEWER. */
export function nextRelease(
  app: string,
  found: FoundReleases | InstallableRelease,
): { release: InstallableRelease; hopsAfter: readonly string[] } {
  if (!("hops" in found)) return { release: found, hopsAfter: [] }
  const [release, ...after] = found.hops
  if (release !== undefined) return { release, hopsAfter: after.map(({ version }) => version) }
  throw new HoldfastError("UPDATE_NOTHING_NEWER", {
    what: `there is nothing newer for ${app}`,
    ...(found.running === null ? {} : { why: `it runs ${found.running}` }),
  })
}

/** Throws UPDATE_DOWNGRADE for a version that is older than what runs. What cannot be compared is let through: the plan shows both. */
export function refuseDowngrade(running: string | null, release: Pick<InstallableRelease, "version">): void {
  const order = running === null ? null : compareVersionTexts(release.version, running)
  if (order === null || order >= 0) return
  throw new HoldfastError("UPDATE_DOWNGRADE", {
    what: `${release.version} is older than ${running}, which runs now`,
    why: "an older program may not read what a newer one has migrated",
  })
}

/** Throws UPDATE_NOTHING_NEWER where every service runs these very images already. */
export function refuseSameImages(
  app: string,
  release: InstallableRelease,
  states: readonly { readonly service: string; readonly repositoryDigests: readonly string[] }[],
): void {
  const services = Object.entries(release.images)
  const runs = (service: string, digest: string): boolean => {
    const own = states.filter((state) => state.service === service)
    return own.length > 0 && own.every((state) => state.repositoryDigests.some((one) => one.endsWith(`@${digest}`)))
  }
  if (services.length === 0 || !services.every(([service, { digest }]) => runs(service, digest))) return
  throw new HoldfastError("UPDATE_NOTHING_NEWER", {
    what: `there is nothing newer for ${app}`,
    why: `it runs the images of ${release.version} already`,
  })
}

/** Throws UPDATE_FAILED_BEFORE unless a person wants it tried once more. */
export function refuseFailedBefore(
  app: string,
  failure: Failure | null,
  release: Pick<InstallableRelease, "version">,
  again: boolean,
): void {
  if (failure === null || again) return
  throw new HoldfastError("UPDATE_FAILED_BEFORE", {
    what: howItFailed(release, failure),
    ...(failure.why === null ? {} : { why: failure.why }),
    hint: `Nothing was changed. Wait for the next release, or run \`holdfast update apply ${app} --again\` after the cause is gone.`,
    details: { version: release.version },
  })
}

/** What the vault of the update holds, and what was seen in others. */
export interface Provable {
  readonly points: readonly PosturePoint[]
  readonly proofs: readonly ProofRecord[]
}

/**
 * The proof that the update stands on: the newest whole point in this vault that was restored for real and holds data no older than the
 * objective. A proof in another vault does not count, because a rollback after the window is a restore from this one. Throws UPDATE_UNPROVEN.
 */
export function requireProven(app: App, vault: string, { points, proofs }: Provable, now: Date): UpdatePlan["proof"] {
  const restored = proofs.filter(({ level }) => level === "restored" || level === "booted")
  const own = points.filter((point) => point.vault === vault)
  const objectiveMs = app.objectives.exposureMs ?? DEFAULT_PROOF_AGE_MS
  const best = newestProven(app, own, restored, now)
  if (best !== null && now.getTime() - best.point.startedAt.getTime() <= objectiveMs)
    return { point: best.point.id, level: best.proof.level, at: best.proof.at.toISOString() }
  const elsewhere = newestProven(
    app,
    points.filter((point) => point.vault !== vault),
    restored,
    now,
  )
  const why =
    best === null
      ? noneRestored(own.length)
      : `${best.point.id} was, but is ${formatDuration(now.getTime() - best.point.startedAt.getTime())} old`
  const other =
    elsewhere === null
      ? ""
      : `; vault ${elsewhere.point.vault} holds ${elsewhere.point.id}, which counts for an update with --vault ${elsewhere.point.vault}`
  throw new HoldfastError("UPDATE_UNPROVEN", {
    what: `no point of ${app.name} in vault ${vault} that is younger than ${formatDuration(objectiveMs)} was proven to restore`,
    why: `${why}${other}`,
    hint:
      own.length === 0
        ? `Run \`holdfast backup ${app.name}\` and \`holdfast drill ${app.name}\`, then plan the update again.`
        : `Run \`holdfast drill ${app.name}\`, then plan the update again; without a young point run \`holdfast backup ${app.name}\` first.`,
  })
}

function noneRestored(points: number): string {
  if (points === 0) return "there is no whole point of it there"
  return points === 1 ? "its only point there was not restored for real" : `none of its ${points} points there was restored for real`
}

/** Points of every vault of the app, with what their last check said of them. */
export async function provableOf(tools: UpdateTools, app: App, vault: string, operations: readonly OperationRecord[]): Promise<Provable> {
  const vaults = [...new Set([vault, ...app.vaults])]
  const lists = await Promise.all(vaults.map(async (name) => await tools.store.pointSummaries(app.name, name)))
  return { points: markDamage(lists.flat(), operations), proofs: await tools.store.proofs(app.name) }
}
