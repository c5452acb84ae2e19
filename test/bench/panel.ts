/** The rows about the panel: the overview of 50 apps with 10,000 points between them, and the points of one app that has as many. */
import { join } from "node:path"
import { systemClock } from "../../src/base/clock.ts"
import type { Manifest } from "../../src/recovery-point/manifest.ts"
import { openSqliteStore } from "../../src/tool/store/store.ts"
import type { ApiClient } from "../fixture/api-client.ts"
import { testPanel, type TestPanel } from "../fixture/panel.ts"
import { atMostMs, type Keep } from "./row.ts"

const APPS = 50
const DATA_LIMIT_MS = 100
const HOUR_MS = 3_600_000

/** Before each asking: what was remembered of the rows is forgotten in whole, or for one app. */
type Before = (panel: TestPanel, run: number) => Promise<void>

/** Another process writes, so that every row is read and understood anew, as after a start. */
const anotherProcessWrites: Before = async (panel, run) => {
  const store = await openSqliteStore(join(panel.directory, "store.sqlite"), { host: await panel.house.use.host(), clock: systemClock })
  await store.setValue("bench", String(run))
  await store.close()
}

const oneMoreBackup: Before = async (panel, run) => await putPoint(panel, "app0", 1_000_000 + run, systemClock.now())

export async function panelRows(points: number, runs: number, keep: Keep): Promise<void> {
  const apps = Array.from({ length: APPS }, (_, index) => `app${index}`)
  const many = await filled(apps, points / APPS)
  const owner = await many.owner()
  const overview = `data of the overview, ${APPS} apps, ${points} points`
  const overviewMs = async (before: Before): Promise<number> => await measured(many, owner, "/api/v1/overview", { runs, before })
  keep(atMostMs(`${overview}, first answer`, await overviewMs(anotherProcessWrites), DATA_LIMIT_MS))
  keep(atMostMs(`${overview}, after one more backup`, await overviewMs(oneMoreBackup), DATA_LIMIT_MS))
  await many.dispose()
  const one = await filled(["app0"], points)
  const page = `data of a page of points of one app with ${points}, first answer`
  keep(
    atMostMs(
      page,
      await measured(one, await one.owner(), "/api/v1/apps/app0/points", { runs, before: anotherProcessWrites }),
      DATA_LIMIT_MS,
    ),
  )
  await one.dispose()
}

async function filled(apps: readonly string[], pointsEach: number): Promise<TestPanel> {
  const blocks = apps.map(
    (app) =>
      `  ${app}:\n    files: { up: { path: ./up } }\n    schedules: { nightly: { cron: "0 3 * * *" } }\n    run: { stop: ["true"], start: ["true"] }\n`,
  )
  const panel = await testPanel({ settings: `vaults:\n  local: { path: ./vault }\napps:\n${blocks.join("")}` })
  const now = systemClock.now().getTime()
  for (const app of apps) {
    for (let index = 0; index < pointsEach; index += 1) {
      const startedAt = new Date(now - (pointsEach - index) * HOUR_MS)
      await putPoint(panel, app, index + 1, startedAt)
      const id = idOf(app, startedAt)
      const proof = {
        app,
        point: id,
        vault: "local",
        level: "read" as const,
        at: startedAt,
        durationMs: 1000,
        operationId: id,
        details: null,
      }
      if (index % 10 === 0) await panel.store.putProof(proof)
    }
    await panel.store.setValue(`synced:local:${app}`, "a vault")
  }
  return panel
}

function idOf(app: string, startedAt: Date): string {
  return `${startedAt.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").toLowerCase()}-${app}`
}

async function putPoint(panel: TestPanel, app: string, sequence: number, startedAt: Date): Promise<void> {
  const id = idOf(app, startedAt)
  await panel.store.putPoint({
    app,
    vault: "local",
    id,
    sequence,
    digest: `sha256:${"0".repeat(64)}`,
    startedAt,
    expiredAt: null,
    manifest: manifestOf(app, id, sequence, startedAt),
  })
}

function manifestOf(app: string, id: string, sequence: number, at: Date): Manifest {
  const startedAt = at.toISOString()
  const tree = { treeId: "0".repeat(64), sizeBytes: 1_000_000, storedBytes: 10_000, files: 100, durationMs: 100 }
  return {
    format: "holdfast.recovery-point",
    version: 1,
    id,
    app,
    label: null,
    trigger: "schedule",
    cold: false,
    startedAt,
    finishedAt: startedAt,
    durationMs: 1000,
    host: "bench",
    operationId: id,
    appVersion: null,
    holdfastVersion: "0",
    tools: {},
    services: [],
    parts: [
      {
        ...tree,
        name: "up",
        kind: "files",
        part: "files:up",
        root: { uid: 0, gid: 0, mode: 0o755 },
        source: "/up",
        exclude: [],
        skipped: [],
        special: [],
      },
      { ...tree, name: "configuration", kind: "configuration", part: "configuration", paths: [] },
    ],
    leftOut: [],
    keyFingerprints: {},
    activeKeyIds: {},
    compose: null,
    settings: {},
    warnings: [],
    sequence,
    previous: null,
    index: [],
  }
}

/** The median of the processor time of the whole answer, over real HTTP and signed in; asking included. */
async function measured(
  panel: TestPanel,
  client: ApiClient,
  path: string,
  { runs, before }: { readonly runs: number; readonly before: Before },
): Promise<number> {
  await ask(client, path)
  const times: number[] = []
  for (let run = 0; run < Math.max(5, runs); run += 1) {
    await before(panel, run)
    const start = process.cpuUsage()
    await ask(client, path)
    const { user, system } = process.cpuUsage(start)
    times.push((user + system) / 1000)
  }
  return times.toSorted((left, right) => left - right)[Math.floor(times.length / 2)] ?? 0
}

async function ask(owner: ApiClient, path: string): Promise<void> {
  const answer = await owner.get(path)
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`)
}
