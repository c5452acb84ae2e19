import { expect, it } from "vitest"
import { metricsOf } from "../../src/surface/http/gather-metrics.ts"
import { metricTable } from "../../src/surface/http/metric-table.ts"
import { entriesOf } from "../../src/surface/service/entries.ts"
import { rememberEntry } from "../../src/surface/service/memory.ts"
import { world } from "../fixture/alarm-world.ts"

const at = (text: string): Date => new Date(text)

it("metrics say what the store, the settings and the watch know, by documented names, without a secret", async () => {
  const { house, store, turn, write } = await world(
    `{ always: { webhooks: ["http://127.0.0.1:9/hook-canary", env:HOOK] } }`,
    `, notify: { ping: "http://127.0.0.1:9/uuid-canary" } }
    objectives: { exposure: 24h, recoveryTime: 30s`,
    { HOOK: "http://127.0.0.1:9/env-canary" },
  )
  const settings = await house.settings()
  for (const entry of entriesOf(settings)) await rememberEntry(store, entry, at("2026-11-01T00:00:00Z"))
  await store.setValue("vault-id:local", "id")
  await store.putPoint({
    app: "chat",
    vault: "local",
    id: "p1",
    sequence: 1,
    digest: "d",
    startedAt: at("2026-11-19T03:00:00Z"),
    manifest: {
      trigger: "schedule",
      parts: [
        { part: "database:main", sizeBytes: 600, storedBytes: 60, facts: { rows: { users: 7 } } },
        { part: "configuration", sizeBytes: 100, storedBytes: 10 },
      ],
    },
    expiredAt: null,
  })
  await store.putProof({
    app: "chat",
    point: "p1",
    vault: "local",
    level: "restored",
    at: at("2026-11-19T04:00:00Z"),
    durationMs: 42_500,
    operationId: "op-1",
    details: null,
  })
  await store.putSlot({
    app: "chat",
    schedule: "schedules.nightly",
    slot: at("2026-11-19T03:00:00Z"),
    handledAt: at("2026-11-19T03:00:01Z"),
    outcome: "succeeded",
    operationId: null,
    reason: null,
    missed: 0,
  })
  const holder = { host: "vm1", bootId: "b", processId: 1, processStart: "s", command: "c" }
  await store.createOperation({ id: "op-1", kind: "drill", app: "chat", holder, plan: null, startedAt: at("2026-11-19T04:00:00Z") })
  await store.finishOperation("op-1", {
    finishedAt: at("2026-11-19T04:01:30Z"),
    outcome: "partial",
    errorCode: null,
    message: null,
    result: null,
  })
  await store.createOperation({ id: "op-2", kind: "backup", app: "chat", holder, plan: null, startedAt: at("2026-11-19T11:59:00Z") })
  await turn()

  const { contentType, text } = await metricsOf(house)
  expect(contentType).toMatch(/^text\/plain/)
  const lines = text.split("\n")
  for (const line of [
    'holdfast_build_info{version="1.2.3"} 1',
    "holdfast_settings_valid 1",
    'holdfast_app_protected{app="chat"} 0',
    'holdfast_exposure_seconds{app="chat"} 32400',
    'holdfast_exposure_objective_seconds{app="chat"} 86400',
    'holdfast_recovery_time_seconds{app="chat"} 42.5',
    'holdfast_recovery_time_objective_seconds{app="chat"} 30',
    `holdfast_last_success_timestamp_seconds{app="chat",schedule="schedules.nightly"} ${at("2026-11-19T03:00:00Z").getTime() / 1000}`,
    `holdfast_next_run_timestamp_seconds{app="chat",schedule="schedules.nightly"} ${at("2026-11-20T03:00:00Z").getTime() / 1000}`,
    'holdfast_points{app="chat",vault="local"} 1',
    `holdfast_newest_point_timestamp_seconds{app="chat",vault="local"} ${at("2026-11-19T03:00:00Z").getTime() / 1000}`,
    'holdfast_point_size_bytes{app="chat",vault="local"} 700',
    'holdfast_point_rows{app="chat",vault="local"} 7',
    'holdfast_vault_bytes{vault="local"} 70',
    'holdfast_vault_reachable{vault="local"} 0',
    'holdfast_operation_duration_seconds{app="chat",kind="drill"} 90',
    'holdfast_operation_succeeded{app="chat",kind="drill"} 0',
    "holdfast_operations_running 1",
    'holdfast_alarm{kind="recovery-time",app="chat",key="recovery-time:chat"} 1',
    'holdfast_receiver_failures{receiver="webhook at env:HOOK"} 1',
  ]) {
    expect(lines).toContain(line)
  }
  expect(text).toMatch(/^holdfast_disk_used_ratio\{path="[^"]+"\} 0\.\d+$/m)
  expect(text).not.toContain("canary")
  expect(text).not.toMatch(/^holdfast_vault_key_proven/m)
  const shown = new Set(lines.flatMap((line) => line.match(/^holdfast_[a-z_]+/) ?? []))
  expect(shown.difference(new Set(Object.keys(metricTable)))).toEqual(new Set())

  await write("apps: 7")
  const broken = await metricsOf(house)
  expect(broken.text).toContain("\nholdfast_settings_valid 0\n")
  expect(broken.text).toContain('holdfast_points{app="chat",vault="local"} 1')
})
