import type { App } from "../../app/app.ts"
import type { StatusOutput } from "../../contract/output-posture.ts"
import type { HostIdentity } from "../../operation/operation.ts"
import type { OperationRecord, PointSummary, ProofRecord, Store } from "../../operation/ports.ts"
import { markDamage } from "../../posture/damage.ts"
import { assessPosture, checklistOf } from "../../posture/posture.ts"
import type { Settings } from "../../settings/settings.ts"
import type { House } from "./house.ts"
import { declaredApp } from "./subject.ts"
import { updateEntryOf } from "./update-history.ts"

export type AppStatus = StatusOutput["apps"][number]

export interface AssessedApp {
  readonly status: AppStatus
  readonly declared: App
  /** Of all vaults. */
  readonly points: readonly (PointSummary & { readonly damaged: boolean })[]
  readonly proofs: readonly ProofRecord[]
  /** Newest first. */
  readonly operations: readonly OperationRecord[]
}

/** What is known of one app, from the store alone: nothing outside is asked. Throws what resolving its settings throws. */
export async function assessApp(house: House, settings: Settings, store: Store, name: string): Promise<AssessedApp> {
  const { declared } = await declaredApp(house, name)
  const vaults = Object.keys(settings.vaults)
  const [proofs, ...lists] = await Promise.all([
    store.proofs(name),
    ...vaults.map(async (vault) => await store.pointSummaries(name, vault)),
  ])
  const operations = await store.operations({ app: name })
  const points = markDamage(lists.flat(), operations)
  const posture = assessPosture(declared, points, proofs, declared.objectives, house.clock.now())
  const kits = await Promise.all(vaults.map(async (vault) => ({ vault, taken: (await store.value(`kit-taken:${vault}`)) !== null })))
  const checklist = checklistOf({
    app: declared,
    points,
    proofs,
    offHostVaults: new Set(vaults.filter((vault) => isElsewhere(settings, vault))),
    kitsTaken: new Set(kits.filter((kit) => kit.taken).map((kit) => kit.vault)),
    rebuilt: operations.some((one) => one.kind === "rebuild" && one.outcome === "succeeded"),
  })
  const { sentence, level, point, exposureMs, recoveryTimeMs, reasons, nextSteps } = posture
  const status: AppStatus = {
    app: name,
    protected: posture.protected,
    sentence,
    level,
    point,
    exposureMs,
    recoveryTimeMs,
    reasons: [...reasons],
    nextSteps: [...nextSteps],
    points: points.length,
    lastUpdate: lastUpdateOf(operations, await house.use.host()),
    checklist: checklist.map((answer) => ({ ...answer })),
  }
  return { status, declared, points, proofs, operations }
}

/** A run that was cancelled or goes on has come to nothing yet. */
function lastUpdateOf(operations: readonly OperationRecord[], host: HostIdentity): AppStatus["lastUpdate"] {
  for (const record of operations) {
    if (record.kind !== "update" && record.kind !== "rollback") continue
    const { operationId, kind, from, to, outcome, finishedAt } = updateEntryOf(record, host)
    if (kind === "rehearse" || finishedAt === null) continue
    if (outcome === "applied" || outcome === "rolled back" || outcome === "failed")
      return { operationId, kind, from, to, outcome, at: finishedAt }
  }
  return null
}

/** A vault with an address is on another machine; a path is on this one. */
function isElsewhere(settings: Settings, vault: string): boolean {
  const url = settings.vaults[vault]?.url
  return url !== undefined && !url.startsWith("/") && !url.startsWith("local:")
}
