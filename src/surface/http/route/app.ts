import { parseDocument } from "yaml"
import { z } from "zod"
import type { App } from "../../../app/app.ts"
import type { Detection } from "../../../app/detect/detection.ts"
import type { Json } from "../../../base/canonical-json.ts"
import { HoldfastError } from "../../../base/errors.ts"
import { addAppBody, addedApp, appPage, detectBody, detected, type AppPage, type Detected } from "../../../contract/api/app.ts"
import type { OperationRecord, PointSummary, SlotRecord, Store } from "../../../operation/ports.ts"
import { expectedParts } from "../../../posture/coverage.ts"
import { nextRuns } from "../../../schedule/due.ts"
import { putMember } from "../../../settings/edit-member.ts"
import { parseSettings } from "../../../settings/parse.ts"
import { resolveApp } from "../../../settings/resolve.ts"
import type { Settings } from "../../../settings/settings.ts"
import { assessApp } from "../../house/app-status.ts"
import { bestProofs, keyOf, RANK } from "../../house/listed-points.ts"
import { lookingContext } from "../../house/subject.ts"
import { entriesOfApp } from "../../service/entries.ts"
import type { Ground } from "../ground.ts"
import { changeSettings, readSettingsFile } from "../settings-file.ts"
import { alarmsFor } from "./overview.ts"
import { none, route, type Call, type Route } from "./route.ts"

const TREND_POINTS = 90
const RUNS_SHOWN = 3

export const appRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/apps/{app}",
    summary: "How one app stands, its checklist, its schedules, how it has developed.",
    query: none,
    body: none,
    answer: appPage,
    handle: async (call) => await pageOf(call),
  }),
  route({
    method: "POST",
    path: "/api/v1/apps/detect",
    summary: "Finds what an app consists of from its compose file; writes nothing.",
    query: none,
    body: detectBody,
    answer: detected,
    audit: "app.detect",
    handle: async ({ ground, body, note }) => {
      note(body.compose)
      return await detect(ground, body)
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/apps",
    summary: "Adds an app to the settings file (`If-Match`).",
    query: none,
    body: addAppBody,
    answer: addedApp,
    status: 201,
    audit: "app.add",
    handle: async ({ ground, body, headers, note }) => {
      note(body.app)
      return await add(ground, body.app, body.text, headers.get("if-match"))
    },
  }),
]

async function pageOf({ ground, who, param }: Call<unknown, unknown>): Promise<AppPage> {
  const { house } = ground
  const name = param("app")
  const [settings, store] = await Promise.all([house.settings(), house.use.store()])
  const { status, declared, points, proofs, operations } = await assessApp(house, settings, store, name)
  const best = bestProofs(proofs)
  const inVault = (vault: string): readonly PointSummary[] => points.filter((point) => point.vault === vault)
  return {
    status,
    objectives: declared.objectives,
    schedules: await schedulesOf(settings, store, name, house.clock.now()),
    vaults: declared.vaults.map((vault) => {
      const held = inVault(vault)
      const newest = held.at(-1)
      const levels = held.flatMap((point) => best.get(keyOf(vault, point.id))?.level ?? [])
      return {
        vault,
        points: held.length,
        storedBytes: held.reduce((sum, point) => sum + point.storedBytes, 0),
        newest: newest?.startedAt.toISOString() ?? null,
        proof: levels.toSorted((left, right) => RANK[right] - RANK[left])[0] ?? null,
      }
    }),
    trend: trendOf(inVault(declared.vaults[0] ?? "").slice(-TREND_POINTS), operations),
    recoveryTimes: proofs
      .filter((proof) => proof.level === "restored" || proof.level === "booted")
      .slice(-TREND_POINTS)
      .map((proof) => ({ point: proof.point, at: proof.at.toISOString(), level: proof.level, durationMs: proof.durationMs })),
    alarms: await alarmsFor(store, who, name),
    parts: [...expectedParts(declared)],
    bootable: declared.compose !== null,
  }
}

function trendOf(points: readonly PointSummary[], operations: readonly OperationRecord[]): AppPage["trend"] {
  const took = new Map(operations.flatMap((one) => (one.kind === "backup" ? durationOf(one) : [])))
  return points.map((point) => ({
    point: point.id,
    at: point.startedAt.toISOString(),
    sizeBytes: point.sizeBytes,
    storedBytes: point.storedBytes,
    rows: point.rows,
    durationMs: took.get(point.id) ?? null,
  }))
}

const backupResult = z.object({ point: z.string() }).or(z.object({ id: z.string() }))

function durationOf({ result, startedAt, finishedAt }: OperationRecord): [string, number][] {
  const parsed = backupResult.safeParse(result)
  if (!parsed.success || finishedAt === null) return []
  return [["point" in parsed.data ? parsed.data.point : parsed.data.id, Math.max(0, finishedAt.getTime() - startedAt.getTime())]]
}

async function schedulesOf(settings: Settings, store: Store, app: string, now: Date): Promise<AppPage["schedules"]> {
  const entries = entriesOfApp(settings, app).filter((entry) => !entry.schedule.startsWith("holdfast."))
  return await Promise.all(
    entries.map(async (entry) => {
      const [section, name = ""] = entry.schedule.split(".")
      const [last] = await store.slots({ app, schedule: entry.schedule, limit: 1 })
      return {
        name,
        kind: section === "drills" ? ("drill" as const) : ("backup" as const),
        enabled: entry.enabled,
        cron: entry.cron,
        timezone: entry.timezone,
        nextRuns: nextRuns(entry, now, RUNS_SHOWN).map((at) => at.toISOString()),
        lastSlot: last === undefined ? null : shownSlot(last),
      }
    }),
  )
}

export function shownSlot({
  slot,
  outcome,
  operationId,
  reason,
  missed,
}: SlotRecord): NonNullable<AppPage["schedules"][number]["lastSlot"]> {
  return { slot: slot.toISOString(), outcome, operationId, reason, missed }
}

async function detect(ground: Ground, body: z.output<typeof detectBody>): Promise<Detected> {
  const { house } = ground
  const [{ planInit }, file, recipes] = await Promise.all([import("../../../app/init.ts"), readSettingsFile(ground), house.recipes()])
  const settings = await house.settings()
  const firstVault = Object.keys(settings.vaults)[0]
  const request = { ...body, cwd: house.cwd, environment: house.environment, file: file.path, vaultPath: null }
  const tools = { containers: await house.use.containers(), databases: await house.use.databases(), recipes }
  const { detection, text, report } = await planInit(request, tools, lookingContext(house))
  return {
    app: detection.appName,
    exists: settings.apps[detection.appName] !== undefined,
    recipe: detection.recipe,
    composeFiles: [...detection.project.files],
    databases: detection.databases.map((one) => ({ name: one.name, engine: one.engine, from: fromOf(one), why: one.why })),
    files: detection.files.map((one) => ({ name: one.name, from: placeText(one.place), usedBy: [...one.usedBy] })),
    secrets: [...detection.secrets],
    health: detection.health === null ? null : (detection.health.url ?? detection.health.command?.argv.join(" ") ?? null),
    leftOut: [...detection.leftOut],
    notProtected: [...detection.notProtected],
    unknown: [...detection.unknown],
    notes: [...detection.notes],
    report: [...report],
    // The example's vault is called `local`; this file's first one may not be.
    text: blockOf(text, detection.appName).replace("vault: local, ", firstVault === undefined ? "" : `vault: ${firstVault}, `),
    file: file.path ?? "",
    digest: file.digest,
    recipes: Object.keys(recipes),
    vaults: Object.keys(settings.vaults),
  }
}

function fromOf(one: Detection["databases"][number]): string {
  if (one.engine === "postgres") return `database ${one.database} of service ${one.service}`
  return one.engine === "sqlite" ? placeText(one.place) : `the address in ${one.variable}`
}

function placeText(place: App["files"][number]["place"]): string {
  return "volume" in place ? `${place.volume}:${place.path}` : place.path
}

/** The app's own lines of a whole settings file, without their indentation: what stands below its name. */
function blockOf(text: string, app: string): string {
  const all = text.split("\n")
  const start = all.findIndex((line) => line === `  ${app}:`)
  const rest = all.slice(start + 1)
  const end = rest.findIndex((line) => line !== "" && !line.startsWith("    "))
  const own = start === -1 ? [] : rest.slice(0, end === -1 ? rest.length : end)
  return `${own
    .map((line) => line.slice(4))
    .join("\n")
    .trimEnd()}\n`
}

async function add(ground: Ground, app: string, block: string, ifMatch: string | null): Promise<z.input<typeof addedApp>> {
  const { house } = ground
  const [before, recipes] = await Promise.all([house.settings(), house.recipes()])
  if (before.apps[app] !== undefined) throw new HoldfastError("SETTINGS_INVALID", { what: `the settings have an app ${app} already` })
  const file = before.file ?? ""
  const digest = await changeSettings(ground, ifMatch, (text) => {
    const edited = putMember(text, ["apps", app], valueOf(block), block)
    // What compose file and recipe say is looked at as well, so that an app that cannot be used is not written.
    resolveApp({ ...before, ...parseSettings(edited, file) }, app, { environment: house.environment, recipes })
    return edited
  })
  return { app, file, digest }
}

const mapping: z.ZodType<Record<string, Json>> = z.record(z.string(), z.json())

function valueOf(block: string): Json {
  const document = parseDocument(block, { merge: true, uniqueKeys: true })
  const parsed = mapping.safeParse(document.errors.length > 0 ? null : document.toJS({ maxAliasCount: 100 }))
  if (parsed.success) return parsed.data
  throw new HoldfastError("SETTINGS_INVALID", {
    what: "the app's text is not a YAML mapping",
    why: document.errors[0]?.message ?? "it holds something else",
  })
}
