import type { OperationRecord } from "../../operation/ports.ts"
import type { AlarmPoint, AppFacts } from "../../posture/alarm-facts.ts"
import { assessPosture } from "../../posture/posture.ts"
import { gatherAlarmFacts, type GatheredFacts } from "../service/alarms.ts"
import { presentSettings } from "../service/last-good-settings.ts"
import type { House } from "../house/house.ts"
import { METRICS_CONTENT_TYPE, metricsText, type Sample } from "./metrics.ts"

/** Of these the last of each kind is shown. */
const OPERATIONS_READ = 300

/** What `GET /metrics` answers. Reads the store, the settings and the disks; asks no vault. */
export async function metricsOf(house: House): Promise<{ readonly contentType: string; readonly text: string }> {
  const present = await presentSettings(house)
  const facts = await gatherAlarmFacts(house, present)
  const store = await house.use.store()
  const now = house.clock.now()
  const [operations, unfinished, alarms] = await Promise.all([
    store.operations({ limit: OPERATIONS_READ }),
    store.operations({ unfinished: true }),
    store.alarms({ open: true }),
  ])
  const text = await metricsText([
    { name: "holdfast_build_info", labels: { version: house.version }, value: 1 },
    { name: "holdfast_settings_valid", labels: {}, value: present.problem === null ? 1 : 0 },
    { name: "holdfast_operations_running", labels: {}, value: unfinished.length },
    ...facts.apps.flatMap((app) => postureSamples(app, now)),
    ...pointSamples(facts),
    ...scheduleSamples(facts, now),
    ...vaultSamples(facts),
    ...operationSamples(operations),
    ...alarms.map(({ kind, app, key }): Sample => ({ name: "holdfast_alarm", labels: { kind, app: app ?? "", key }, value: 1 })),
    ...facts.receivers.map(({ name, failures }): Sample => ({
      name: "holdfast_receiver_failures",
      labels: { receiver: name },
      value: failures,
    })),
  ])
  return { contentType: METRICS_CONTENT_TYPE, text }
}

function postureSamples({ app, points, proofs }: AppFacts, now: Date): readonly Sample[] {
  const posture = assessPosture(app, points, proofs, app.objectives, now)
  const labels = { app: app.name }
  return [
    { name: "holdfast_app_protected", labels, value: posture.protected ? 1 : 0 },
    { name: "holdfast_exposure_seconds", labels, value: seconds(posture.exposureMs) },
    { name: "holdfast_exposure_objective_seconds", labels, value: seconds(app.objectives.exposureMs) },
    { name: "holdfast_recovery_time_seconds", labels, value: seconds(posture.recoveryTimeMs) },
    { name: "holdfast_recovery_time_objective_seconds", labels, value: seconds(app.objectives.recoveryTimeMs) },
  ]
}

function pointSamples({ apps, vaults }: GatheredFacts): readonly Sample[] {
  return vaults.flatMap(({ name: vault }) => {
    const held = apps.map(({ app, points }) => ({ app: app.name, points: points.filter((point) => point.vault === vault) }))
    const storedBytes = held.flatMap(({ points }) => points).reduce((sum, point) => sum + point.storedBytes, 0)
    return [
      ...held.flatMap(({ app, points }) => newestSamples({ app, vault }, points)),
      { name: "holdfast_vault_bytes" as const, labels: { vault }, value: storedBytes },
    ]
  })
}

function newestSamples(labels: { readonly app: string; readonly vault: string }, points: readonly AlarmPoint[]): readonly Sample[] {
  // Oldest first within a vault.
  const newest = points.at(-1)
  return [
    { name: "holdfast_points", labels, value: points.length },
    { name: "holdfast_newest_point_timestamp_seconds", labels, value: newest === undefined ? null : timestamp(newest.startedAt) },
    { name: "holdfast_point_size_bytes", labels, value: newest?.sizeBytes ?? null },
    { name: "holdfast_point_rows", labels, value: newest?.rows ?? null },
  ]
}

function scheduleSamples({ schedules }: GatheredFacts, now: Date): readonly Sample[] {
  return schedules.flatMap(({ app, schedule, slots, nextAfter }): readonly Sample[] => {
    // Newest first.
    const succeeded = slots.find(({ outcome }) => outcome === "succeeded")
    const next = nextAfter(now)
    const labels = { app, schedule }
    return [
      { name: "holdfast_last_success_timestamp_seconds", labels, value: succeeded === undefined ? null : timestamp(succeeded.slot) },
      { name: "holdfast_next_run_timestamp_seconds", labels, value: next === null ? null : timestamp(next) },
    ]
  })
}

function vaultSamples({ vaults, disks }: GatheredFacts): readonly Sample[] {
  return [
    ...vaults
      .filter(({ used }) => used)
      .flatMap(({ name, check, kitTaken }): readonly Sample[] => {
        const labels = { vault: name }
        const openedAt = check?.openedAt ?? null
        return [
          { name: "holdfast_vault_reachable", labels, value: check === null ? null : check.errorCode === null ? 1 : 0 },
          { name: "holdfast_vault_key_proven_timestamp_seconds", labels, value: openedAt === null ? null : timestamp(openedAt) },
          { name: "holdfast_vault_kit_taken", labels, value: kitTaken ? 1 : 0 },
        ]
      }),
    ...disks.map(({ path, usedShare }): Sample => ({ name: "holdfast_disk_used_ratio", labels: { path }, value: usedShare })),
  ]
}

/** Operations come newest first. */
function operationSamples(operations: readonly OperationRecord[]): readonly Sample[] {
  const ended = operations.filter(({ finishedAt }) => finishedAt !== null)
  return [...Map.groupBy(ended, ({ app, kind }) => `${app}\n${kind}`).values()].flatMap(([last]): readonly Sample[] => {
    if (last === undefined || last.finishedAt === null) return []
    const labels = { app: last.app, kind: last.kind }
    const durationMs = last.finishedAt.getTime() - last.startedAt.getTime()
    return [
      { name: "holdfast_operation_duration_seconds", labels, value: durationMs < 0 ? null : seconds(durationMs) },
      { name: "holdfast_operation_succeeded", labels, value: last.outcome === "succeeded" ? 1 : 0 },
    ]
  })
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000
}

function timestamp(instant: Date): number {
  return instant.getTime() / 1000
}
