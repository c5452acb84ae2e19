import { z } from "zod"
import type { App } from "../../app/app.ts"
import type { UpdatesPage } from "../../contract/api/updates.ts"
import { rehearsal, type UpdateEntry } from "../../contract/output-update.ts"
import type { KeptRecord, OperationRecord, ProofRecord, Store } from "../../operation/ports.ts"
import { knownUpdates } from "../house/found-updates.ts"
import type { House } from "../house/house.ts"
import { listedOperation } from "../house/listed-operation.ts"
import { missedWindow } from "../house/missed-window.ts"
import { declaredApp } from "../house/subject.ts"
import { updateHistory } from "../house/update-history.ts"

const HISTORY = 30

/** What is known of an app's updates, from the store alone: nothing outside is asked. Throws what resolving its settings throws. */
export async function updatesPageOf(house: House, name: string): Promise<UpdatesPage> {
  const [{ declared }, { store, host }] = await Promise.all([declaredApp(house, name), house.operationTools()])
  const [known, history, proofs, kept, missed, operations] = await Promise.all([
    knownUpdates(store, host, name),
    updateHistory(store, host, name, HISTORY),
    store.proofs(name),
    store.kept(name),
    missedWindow(store, name),
    store.operations({ app: name }),
  ])
  const underWay = operations.find(({ id }) => history.some((entry) => entry.operationId === id && entry.outcome === "running"))
  return {
    app: name,
    rules: rulesOf(declared),
    running: known.running ?? declared.version ?? (await newestPointVersion(store, declared)),
    latest: known.releases.at(-1)?.version ?? null,
    releases: known.releases,
    lookedAt: known.lookedAt,
    lookProblem: known.problem,
    notices: known.notices,
    proof: proofOf(proofs),
    rehearsal: rehearsalOf(operations, known.releases[0]?.version),
    operation: underWay === undefined ? null : listedOperation(underWay, host),
    rollback: rollbackOf(kept, history, house.clock.now()),
    missed: declared.updates?.automatic === true ? missed : null,
    history: [...history],
  }
}

function rulesOf({ updates }: App): UpdatesPage["rules"] {
  if (updates === undefined) return null
  const { source, url, channel, keyFile, window, timezone, automatic, rollbackWindowMs } = updates
  return { source, url, channel, signed: keyFile !== null, window, timezone, automatic, rollbackWindowMs }
}

/** Where nobody looked yet, the newest point tells what ran when it was taken. */
async function newestPointVersion(store: Store, { name, vaults }: App): Promise<string | null> {
  const lists = await Promise.all(vaults.map(async (vault) => await store.pointSummaries(name, vault)))
  const newest = lists.flat().toSorted((left, right) => right.startedAt.getTime() - left.startedAt.getTime())[0]
  return newest?.appVersion ?? null
}

/** The newest point that is proven to restore: an update stands on nothing less. */
function proofOf(proofs: readonly ProofRecord[]): UpdatesPage["proof"] {
  const best = proofs
    .filter(({ level }) => level === "restored" || level === "booted")
    .reduce<ProofRecord | null>((newest, proof) => (newest === null || proof.at >= newest.at ? proof : newest), null)
  return best === null ? null : { point: best.point, level: best.level, at: best.at.toISOString(), vault: best.vault }
}

function rehearsalOf(operations: readonly OperationRecord[], version: string | undefined): UpdatesPage["rehearsal"] {
  if (version === undefined) return null
  for (const { kind, result } of operations) {
    const parsed = kind === "rehearse" ? rehearsal.safeParse(result) : null
    if (parsed?.success === true && parsed.data.version === version) return parsed.data
  }
  return null
}

const keptByUpdate = z.object({ by: z.literal("update") })

function rollbackOf(kept: readonly KeptRecord[], history: readonly UpdateEntry[], now: Date): UpdatesPage["rollback"] {
  for (const { operationId, outcome, from, to } of history) {
    const record = kept.find((one) => one.operationId === operationId && one.releasedAt === null && one.keptUntil > now)
    if (outcome !== "applied" || to === null || record === undefined || !keptByUpdate.safeParse(record.details).success) continue
    return { operationId, from: to, to: from, keptUntil: record.keptUntil.toISOString() }
  }
  return null
}
