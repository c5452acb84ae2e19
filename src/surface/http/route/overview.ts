import { statfs } from "node:fs/promises"
import { resolve } from "node:path"
import { isHoldfastError } from "../../../base/errors.ts"
import { overview, type Alarm, type Overview, type OverviewApp, type VaultSpace } from "../../../contract/api/overview.ts"
import type { NextRun } from "../../../contract/api/shapes.ts"
import type { AlarmRecord, Store } from "../../../operation/ports.ts"
import { nextRuns } from "../../../schedule/due.ts"
import type { Settings } from "../../../settings/settings.ts"
import { assessApp } from "../../house/app-status.ts"
import type { House } from "../../house/house.ts"
import { listedOperation } from "../../house/listed-operation.ts"
import { entriesOfApp } from "../../service/entries.ts"
import type { Ground } from "../ground.ts"
import { may, type Who } from "../guard/who.ts"
import { none, route, type Route } from "./route.ts"

const NEXT_RUNS = 20
const ALARMS = 500

export const overviewRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/overview",
    summary: "Every app in one sentence, what needs attention, what runs next, space.",
    query: none,
    body: none,
    answer: overview,
    handle: async ({ ground, who }) => await overviewFor(ground, who),
  }),
]

async function overviewFor(ground: Ground, who: Who): Promise<Overview> {
  const [settings, store] = await Promise.all([ground.house.settings(), ground.house.use.store()])
  // The same settings for every app of one answer, read once.
  const house: House = { ...ground.house, settings: async () => await Promise.resolve(settings) }
  const now = house.clock.now()
  const names = Object.keys(settings.apps).filter((app) => may(who, "viewer", app))
  const runs = names.flatMap((app) => nextRunsOf(settings, app, now))
  const space = new Map<string, { points: number; storedBytes: number }>()
  const apps: OverviewApp[] = []
  for (const app of names) apps.push(await appOf(house, settings, store, app, runs, space))
  const seesAll = may(who, "viewer", null)
  return {
    at: now.toISOString(),
    apps,
    attention: await alarmsFor(store, who, null),
    nextRuns: runs.toSorted((left, right) => (left.at < right.at ? -1 : 1)).slice(0, NEXT_RUNS),
    vaults: !seesAll ? [] : await spaces(settings, space),
    settingsProblem: seesAll ? ground.settingsProblem() : null,
  }
}

/** Open alarms that concern what may be seen: all of them, or those of one app. */
export async function alarmsFor(store: Store, who: Who, app: string | null): Promise<Alarm[]> {
  const alarms = await store.alarms({ open: true, limit: ALARMS })
  return alarms.filter((one) => (app === null ? may(who, "viewer", one.app) : one.app === app)).map(alarmOf)
}

function alarmOf({ key, app, kind, text, since, toldAt, endedAt }: AlarmRecord): Alarm {
  return {
    key,
    app,
    kind,
    text,
    since: since.toISOString(),
    toldAt: toldAt?.toISOString() ?? null,
    endedAt: endedAt?.toISOString() ?? null,
  }
}

/** The next run of each schedule and drill; Holdfast's own are not shown among them. */
export function nextRunsOf(settings: Settings, app: string, after: Date): readonly NextRun[] {
  return entriesOfApp(settings, app).flatMap((entry) => {
    const [section, schedule] = entry.schedule.split(".")
    if (schedule === undefined || (section !== "schedules" && section !== "drills")) return []
    const [at] = nextRuns(entry, after, 1)
    return at === undefined
      ? []
      : [{ app, schedule, kind: section === "drills" ? ("drill" as const) : ("backup" as const), at: at.toISOString() }]
  })
}

async function appOf(
  house: House,
  settings: Settings,
  store: Store,
  app: string,
  runs: readonly NextRun[],
  space: Map<string, { points: number; storedBytes: number }>,
): Promise<OverviewApp> {
  const nextRun = runs.filter((run) => run.app === app).toSorted((left, right) => (left.at < right.at ? -1 : 1))[0] ?? null
  try {
    const { status, declared, points, operations } = await assessApp(house, settings, store, app)
    for (const point of points) {
      const present = space.get(point.vault) ?? { points: 0, storedBytes: 0 }
      space.set(point.vault, { points: present.points + 1, storedBytes: present.storedBytes + point.storedBytes })
    }
    const newest = operations[0]
    return {
      ...status,
      objectives: declared.objectives,
      nextRun,
      newestOperation: newest === undefined ? null : listedOperation(newest, await house.use.host()),
      problem: null,
    }
  } catch (thrown) {
    if (!isHoldfastError(thrown)) throw thrown
    return { ...unknownApp(app), nextRun, problem: thrown.why === undefined ? thrown.message : `${thrown.message}: ${thrown.why}` }
  }
}

function unknownApp(app: string): OverviewApp {
  return {
    app,
    protected: false,
    sentence: "Not protected: its settings cannot be used.",
    level: null,
    point: null,
    exposureMs: null,
    recoveryTimeMs: null,
    objectives: { exposureMs: null, recoveryTimeMs: null },
    points: 0,
    nextRun: null,
    newestOperation: null,
    problem: null,
  }
}

async function spaces(settings: Settings, used: ReadonlyMap<string, { points: number; storedBytes: number }>): Promise<VaultSpace[]> {
  return await Promise.all(
    Object.keys(settings.vaults).map(async (vault) => ({
      vault,
      ...(used.get(vault) ?? { points: 0, storedBytes: 0 }),
      ...(await diskOf(settings, vault)),
    })),
  )
}

/** Space of the file system of a vault on this machine; null elsewhere, and where nothing is yet. */
export async function diskOf(settings: Settings, vault: string): Promise<{ freeBytes: number | null; totalBytes: number | null }> {
  const path = settings.vaults[vault]?.path
  const unknown = { freeBytes: null, totalBytes: null }
  if (path === undefined) return unknown
  const disk = await statfs(resolve(settings.directory, path)).catch(() => null)
  return disk === null ? unknown : { freeBytes: disk.bavail * disk.bsize, totalBytes: disk.blocks * disk.bsize }
}
