import { parse as parseYaml } from "yaml"
import { z } from "zod"
import type { Json } from "../../../base/canonical-json.ts"
import { HoldfastError } from "../../../base/errors.ts"
import {
  scheduleBody,
  schedulePreview,
  schedulePreviewBody,
  scheduleSaved,
  schedulesPage,
  type SchedulePreview,
  type SchedulesPage,
} from "../../../contract/api/schedules.ts"
import { name as nameSchema } from "../../../contract/api/shapes.ts"
import { expectedParts } from "../../../posture/coverage.ts"
import { decideRetention } from "../../../retention/retention.ts"
import { nextRuns } from "../../../schedule/due.ts"
import { putMember, removeMember } from "../../../settings/edit-member.ts"
import { parseSettings } from "../../../settings/parse.ts"
import { resolveApp, resolveKeep } from "../../../settings/resolve.ts"
import type { Settings } from "../../../settings/settings.ts"
import { CRON_PRESETS, cronProblem, timezoneProblem } from "../../../settings/value.ts"
import { isRecord } from "../../../settings/member-value.ts"
import type { House } from "../../house/house.ts"
import { declaredApp } from "../../house/subject.ts"
import type { Ground } from "../ground.ts"
import { demand, may } from "../guard/who.ts"
import { comingPoint } from "../kept-why.ts"
import { shownTargets, writtenTargets } from "../notify-targets.ts"
import { changeSettings, readSettingsFile, shownFile } from "../settings-file.ts"
import { shownSlot } from "./app.ts"
import { keepOf } from "./retention.ts"
import { none, route, type Call, type Route } from "./route.ts"

const RUNS_SHOWN = 10
const YEAR_MS = 366 * 24 * 3_600_000
/** An hourly schedule has more runs in a year; the last of them say as much. */
const RUNS_SIMULATED = 5000

const kindQuery = z.object({ kind: z.enum(["backup", "drill"]).default("backup") })

export const scheduleRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/apps/{app}/schedules",
    summary: "Schedules and drills as the settings file says them.",
    query: none,
    body: none,
    answer: schedulesPage,
    handle: async ({ ground, who, param }) => await pageOf(ground, param("app"), may(who, "owner", null)),
  }),
  route({
    method: "PUT",
    path: "/api/v1/apps/{app}/schedules/{schedule}",
    summary: "Writes a schedule into the settings file (`If-Match`); its comments stay.",
    query: none,
    body: scheduleBody,
    answer: scheduleSaved,
    audit: "schedule.put",
    handle: async (call) => await put(call),
  }),
  route({
    method: "DELETE",
    path: "/api/v1/apps/{app}/schedules/{schedule}",
    summary: "Takes a schedule out of the settings file (`If-Match`).",
    query: kindQuery,
    body: none,
    answer: scheduleSaved,
    audit: "schedule.delete",
    handle: async (call) => await remove(call),
  }),
  route({
    method: "POST",
    path: "/api/v1/schedule-preview",
    summary: "The next ten runs, and what a policy would have kept after a year of them.",
    query: none,
    body: schedulePreviewBody,
    answer: schedulePreview,
    handle: async ({ ground, body }) => await Promise.resolve(preview(ground.house, body)),
  }),
]

async function pageOf(ground: Ground, app: string, showsAddresses: boolean): Promise<SchedulesPage> {
  const { house } = ground
  const [{ settings, declared }, store, file] = await Promise.all([declaredApp(house, app), house.use.store(), readSettingsFile(ground)])
  const now = house.clock.now()
  const given = settings.apps[app]
  const shown = async (section: "schedules" | "drills", name: string, one: Given): Promise<SchedulesPage["schedules"][number]> => {
    const [last] = await store.slots({ app, schedule: `${section}.${name}`, limit: 1 })
    const entry = { cron: CRON_PRESETS[one.cron] ?? one.cron, timezone: one.timezone, enabled: one.enabled }
    return {
      ...shownSchedule(section, name, one),
      notify: !showsAddresses || one.notify === undefined ? null : shownTargets(one.notify),
      nextRuns: nextRuns(entry, now, RUNS_SHOWN).map((at) => at.toISOString()),
      lastSlot: last === undefined ? null : shownSlot(last),
    }
  }
  return {
    app,
    file: shownFile(file),
    schedules: await Promise.all([
      ...Object.entries(given?.schedules ?? {}).map(async ([name, one]) => await shown("schedules", name, one)),
      ...Object.entries(given?.drills ?? {}).map(async ([name, one]) => await shown("drills", name, one)),
    ]),
    vaults: [...declared.vaults],
    parts: [...expectedParts(declared)],
  }
}

type AppGiven = NonNullable<Settings["apps"][string]>
type ScheduleGiven = NonNullable<AppGiven["schedules"]>[string]
type DrillGiven = NonNullable<AppGiven["drills"]>[string]
type Given = ScheduleGiven | DrillGiven

function shownSchedule(
  section: "schedules" | "drills",
  name: string,
  one: Given,
): Omit<SchedulesPage["schedules"][number], "nextRuns" | "lastSlot" | "notify"> {
  const { cron, timezone, enabled } = one
  const common = { name, cron, timezone, enabled, vault: one.vault ?? null }
  if ("level" in one)
    return { ...common, kind: "drill", copies: [], keep: null, cold: false, only: null, onChange: false, level: one.level }
  return {
    ...common,
    kind: section === "drills" ? "drill" : "backup",
    copies: [...one.copies],
    keep: one.keep === undefined ? null : withoutUndefined(one.keep),
    cold: one.cold,
    only: one.only === undefined ? null : [...one.only],
    onChange: one.on === "change",
    level: null,
  }
}

const jsonSchema: z.ZodType<Json> = z.json()

function jsonOf(value: unknown): Json {
  return jsonSchema.parse(JSON.parse(JSON.stringify(value)))
}

function withoutUndefined(keep: NonNullable<ScheduleGiven["keep"]>): NonNullable<SchedulesPage["schedules"][number]["keep"]> {
  return Object.fromEntries(Object.entries(keep).filter(([, value]) => value !== undefined))
}

async function put({
  ground,
  who,
  body,
  headers,
  param,
  note,
}: Call<unknown, z.output<typeof scheduleBody>>): Promise<z.input<typeof scheduleSaved>> {
  const app = param("app")
  if (body.notify !== undefined) demand(who, "owner", null)
  const name = nameOf(param("schedule"))
  note(name, jsonOf({ cron: body.cron, kind: body.kind }))
  const { settings } = await declaredApp(ground.house, app)
  const section = body.kind === "drill" ? "drills" : "schedules"
  const recipes = await ground.house.recipes()
  const edit = (text: string): string => {
    const file = settings.file ?? ""
    const edited = putMember(text, ["apps", app, section, name], memberOf(presentOf(text, app, section, name), body))
    // A vault that is not there, a part that is not there: said before anything is written.
    resolveApp({ ...settings, ...parseSettings(edited, file) }, app, { environment: ground.house.environment, recipes })
    return edited
  }
  const digest = await changeSettings(ground, headers.get("if-match"), edit, may(who, "owner", null))
  return { app, name, digest }
}

/** What stands in the file now; members that the request leaves out stay. */
function presentOf(text: string, app: string, section: "schedules" | "drills", name: string): Record<string, Json> {
  const at = (value: unknown, key: string): unknown => (isRecord(value) ? value[key] : undefined)
  const found = ["apps", app, section, name].reduce(at, parseYaml(text))
  return isRecord(found) ? z.record(z.string(), jsonSchema).parse(found) : {}
}

function memberOf(present: Record<string, Json>, body: z.output<typeof scheduleBody>): Json {
  const { kind, onChange, notify, ...given } = body
  const { level, ...backupOnly } = given
  const wanted: Record<string, unknown> =
    kind === "drill" ? { cron: given.cron, timezone: given.timezone, enabled: given.enabled, vault: given.vault, level } : backupOnly
  if (kind === "backup" && onChange !== undefined) wanted["on"] = onChange ? "change" : null
  wanted["notify"] = notify === undefined || notify === null ? notify : writtenTargets(notify)
  const merged = { ...present, ...Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)) }
  const kept = Object.entries(merged).filter(([key, value]) => value !== null && !(isUsual(key, value) && !(key in present)))
  return jsonOf(Object.fromEntries(kept))
}

/** What a new schedule need not say. */
function isUsual(key: string, value: unknown): boolean {
  return (
    (key === "enabled" && value === true) ||
    (key === "cold" && value === false) ||
    (key === "copies" && Array.isArray(value) && value.length === 0)
  )
}

async function remove({
  ground,
  who,
  query,
  headers,
  param,
  note,
}: Call<z.output<typeof kindQuery>, unknown>): Promise<z.input<typeof scheduleSaved>> {
  const app = param("app")
  const name = param("schedule")
  note(name)
  const section = query.kind === "drill" ? "drills" : "schedules"
  const { settings } = await declaredApp(ground.house, app)
  if (settings.apps[app]?.[section]?.[name] === undefined)
    throw new HoldfastError("REQUEST_INVALID", { what: `${app} has no ${query.kind} schedule ${name}` })
  const edit = (text: string): string => removeMember(text, ["apps", app, section, name])
  const digest = await changeSettings(ground, headers.get("if-match"), edit, may(who, "owner", null))
  return { app, name, digest }
}

function nameOf(given: string): string {
  if (nameSchema.safeParse(given).success) return given
  throw new HoldfastError("REQUEST_INVALID", {
    what: `${JSON.stringify(given)} is not a name`,
    hint: "Start with a lower-case letter; use letters, digits, `-` and `_`.",
  })
}

function preview(house: House, body: z.output<typeof schedulePreviewBody>): SchedulePreview {
  const { cron, timezone } = body
  const problem = cronProblem(cron) ?? timezoneProblem(timezone)
  if (problem !== null)
    throw new HoldfastError("SETTINGS_INVALID", {
      what: problem,
      hint: "Give five fields such as `0 3 * * *`, and a zone such as Europe/Berlin.",
    })
  const entry = { cron: CRON_PRESETS[cron] ?? cron, timezone, enabled: true }
  const now = house.clock.now()
  const runs = nextRuns(entry, now, RUNS_SHOWN).map((at) => at.toISOString())
  return { runs, kept: body.keep === null ? null : keptAfterYear(entry, body.keep, now) }
}

/** Which points of a year of runs are still there at its end: what a policy keeps is the same whether it is asked each time or once. */
function keptAfterYear(entry: { cron: string; timezone: string; enabled: boolean }, keep: unknown, now: Date): SchedulePreview["kept"] {
  const policy = resolveKeep(keepOf(keep))
  const end = now.getTime() + YEAR_MS
  const runs = nextRuns(entry, now, 10_000)
    .filter((at) => at.getTime() <= end)
    .slice(-RUNS_SIMULATED)
  const points = runs.map((at, index) => comingPoint(String(index), index + 1, at))
  const last = runs.at(-1) ?? now
  const kept = decideRetention(points, policy, last, entry.timezone).filter((one) => one.keep)
  const at = new Map(points.map((point) => [point.id, point.startedAt]))
  return {
    points: kept.length,
    entries: kept.map((one) => ({ at: (at.get(one.id) ?? last).toISOString(), why: one.reasons.map((reason) => reason.text) })),
  }
}
