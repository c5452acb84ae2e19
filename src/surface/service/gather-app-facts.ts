import type { App } from "../../app/app.ts"
import type { Recipes } from "../../app/load-recipes.ts"
import { isHoldfastError, messageOf } from "../../base/errors.ts"
import type { Store } from "../../operation/ports.ts"
import type { AlarmPoint, AppFacts, CopyFacts } from "../../posture/alarm-facts.ts"
import { markDamage } from "../../posture/damage.ts"
import { hasReceiver } from "../../posture/receivers.ts"
import { fallOf } from "../../posture/trend.ts"
import { manifestSchema } from "../../recovery-point/manifest.ts"
import { nextRuns } from "../../schedule/due.ts"
import { resolveApp } from "../../settings/resolve.ts"
import type { Settings } from "../../settings/settings.ts"
import type { House } from "../house/house.ts"
import type { Seen } from "./alarm-memory.ts"
import { gatherUpdates } from "./gather-update-facts.ts"
import { seenOf } from "./seen.ts"

export interface GatheredApps {
  readonly apps: readonly AppFacts[]
  readonly seen: Seen
  /** Why an app cannot be resolved, by its name. */
  readonly problems: ReadonlyMap<string, string>
}

/** Enough to know the damage of points that still matter, without reading the whole history at each turn. */
const OPERATIONS_READ = 300

export async function gatherApps(house: House, settings: Settings, before: Seen, now: Date): Promise<GatheredApps> {
  const [store, host, recipes] = await Promise.all([house.use.store(), house.use.host(), house.recipes()])
  const apps: AppFacts[] = []
  const seen: Seen = {}
  const problems = new Map<string, string>()
  for (const name of Object.keys(settings.apps)) {
    const app = resolveOrNull(house, settings, name, recipes, problems)
    Object.assign(seen, seenOf(`app ${name}`, before, now))
    const copies = app === null ? rememberedCopies(name, before) : copiesOf(app)
    for (const { from, to } of copies) Object.assign(seen, seenOf(copyName(name, from, to), before, now))
    if (app !== null) apps.push({ ...(await appFacts(store, settings, app, seen, now)), ...(await gatherUpdates(store, host, app)) })
  }
  return { apps, seen, problems }
}

function resolveOrNull(house: House, settings: Settings, name: string, recipes: Recipes, problems: Map<string, string>): App | null {
  try {
    return resolveApp(settings, name, { environment: house.environment, recipes })
  } catch (thrown) {
    if (!isHoldfastError(thrown)) throw thrown
    problems.set(name, `${messageOf(thrown)}${thrown.why === undefined ? "" : ` (${thrown.why})`}`)
    return null
  }
}

async function appFacts(store: Store, settings: Settings, app: App, seen: Seen, now: Date): Promise<AppFacts> {
  const { name } = app
  const [proofs, operations, ...lists] = await Promise.all([
    store.proofs(name),
    store.operations({ app: name, limit: OPERATIONS_READ }),
    ...Object.keys(settings.vaults).map(async (vault) => await store.pointSummaries(name, vault)),
  ])
  const points = await judgedByRecipe(store, app, markDamage(lists.flat(), operations))
  const copies = copiesOf(app).map(({ from, to }) => ({
    from,
    to,
    setAt: seen[copyName(name, from, to)] ?? now,
    removable: settings.vaults[to]?.mustBeMounted ?? false,
  }))
  return {
    app,
    points,
    proofs,
    seenAt: seen[`app ${name}`] ?? now,
    copies,
    drillPeriodMs: drillPeriodMs(app, now),
    hasReceiver: hasReceiver(settings, name),
  }
}

function copiesOf(app: App): readonly Pick<CopyFacts, "from" | "to">[] {
  const pairs = Object.values(app.schedules)
    .filter(({ enabled }) => enabled)
    .flatMap(({ vault, copies }) => copies.filter((to) => to !== vault).map((to) => ({ from: vault, to })))
  return [...new Map(pairs.map((pair) => [`${pair.from} ${pair.to}`, pair])).values()]
}

function copyName(app: string, from: string, to: string): string {
  return `copy ${app} ${from} ${to}`
}

function rememberedCopies(app: string, before: Seen): readonly Pick<CopyFacts, "from" | "to">[] {
  return Object.keys(before).flatMap((name) => {
    const [kind, owner, from, to] = name.split(" ")
    return kind === "copy" && owner === app && from !== undefined && to !== undefined ? [{ from, to }] : []
  })
}

/** The time between two drills, of the drill that comes most often; null when none is scheduled. */
function drillPeriodMs(app: App, now: Date): number | null {
  const periods = Object.values(app.drills).flatMap((drill) => {
    const [first, second] = nextRuns(drill, now, 2)
    return first === undefined || second === undefined ? [] : [second.getTime() - first.getTime()]
  })
  return periods.length === 0 ? null : Math.min(...periods)
}

/**
 * Rows of tables that the recipe calls volatile (sessions, queues) come and go. Manifests are read only where the sum of all rows fell,
 * which is seldom: a listing of thousands of points must stay quick.
 */
async function judgedByRecipe(store: Store, app: App, points: readonly AlarmPoint[]): Promise<readonly AlarmPoint[]> {
  const ignored = new Set(app.recipe?.volatileTables ?? [])
  const vaults = new Set(points.map(({ vault }) => vault))
  if (ignored.size === 0 || ![...vaults].some((vault) => fellInRows(points, vault, app))) return points
  const rows = new Map<string, number>()
  for (const vault of vaults) {
    for (const { id, manifest } of await store.points(app.name, vault)) rows.set(`${vault} ${id}`, lastingRows(manifest, ignored))
  }
  return points.map((point) => ({ ...point, rows: point.rows === null ? null : (rows.get(`${point.vault} ${point.id}`) ?? point.rows) }))
}

function fellInRows(points: readonly AlarmPoint[], vault: string, app: App): boolean {
  return (
    fallOf(
      points.filter((point) => point.vault === vault),
      app.thresholds,
    )?.what === "rows"
  )
}

function lastingRows(manifest: unknown, ignored: ReadonlySet<string>): number {
  const parsed = manifestSchema.safeParse(manifest)
  if (!parsed.success) return 0
  return parsed.data.parts
    .flatMap((part) => (part.kind === "database" ? Object.entries(part.facts.rows) : []))
    .filter(([table]) => !ignored.has(table) && !ignored.has(table.replace(/^public\./, "")))
    .reduce((sum, [, count]) => sum + count, 0)
}
