import type { Entry } from "../../schedule/due.ts"
import type { Settings } from "../../settings/settings.ts"
import { CRON_PRESETS } from "../../settings/value.ts"
import { SELF } from "../house/self-app.ts"
import { windowBegins } from "./update-window.ts"

/** Holdfast's own: read data of the vaults again, so that within some weeks all of it was read. */
export const READ = "holdfast.read"
/** Copies that are missing are made. */
export const COPIES = "holdfast.copies"
/** Every vault is opened with its key. */
export const KEYS = "holdfast.keys"
/** Newer releases are looked for. */
export const RELEASES = "holdfast.releases"
/** What restores and updates kept beside is released when its time is over. */
export const KEPT = "holdfast.kept"
/** Automatic updates, at the begin of their window. */
export const UPDATE_WINDOW = "updates.window"
/** The nightly point of Holdfast's own settings and accounts. */
export const SELF_POINT = "holdfast.self"

const READ_AT = "40 4 * * *"
const COPIES_AT = "20 * * * *"
const KEYS_AT = "10 5 * * *"
const RELEASES_AT = "45 5 * * *"
const KEPT_AT = "50 * * * *"
const SELF_AT = "30 2 * * *"

/**
 * Everything that is done by the clock, from the settings as they are written: a schedule of an app whose compose file cannot be read is
 * still due, and its run tells why it fails.
 */
export function entriesOf(settings: Settings): readonly Entry[] {
  return [...Object.keys(settings.apps).flatMap((app) => entriesOfApp(settings, app)), ...ownEntries(settings)]
}

/** Those of one app, its own rolling read and copies included. */
export function entriesOfApp(settings: Settings, app: string): readonly Entry[] {
  const schedules = Object.entries(settings.apps[app]?.schedules ?? {})
  const drills = Object.entries(settings.apps[app]?.drills ?? {})
  const timezone = zoneOf(settings, app)
  const own = (schedule: string, cron: string): Entry => ({ app, schedule, cron, timezone, enabled: true })
  return [
    ...schedules.map(([name, given]) => entry(app, `schedules.${name}`, given)),
    ...drills.map(([name, given]) => entry(app, `drills.${name}`, given)),
    ...(schedules.length > 0 ? [own(READ, READ_AT)] : []),
    ...(schedules.some(([, { copies }]) => copies.length > 0) ? [own(COPIES, COPIES_AT)] : []),
    ...updateEntries(settings, app),
  ]
}

/** Nothing where nobody said where updates come from, or where they cannot be followed yet. */
function updateEntries(settings: Settings, app: string): readonly Entry[] {
  const updates = settings.apps[app]?.updates
  if (updates === undefined || updates.source === "git") return []
  const { window, timezone, automatic } = updates
  const own = (schedule: string, cron: string): Entry => ({ app, schedule, cron, timezone, enabled: true })
  const inWindow = automatic && window !== undefined ? [own(UPDATE_WINDOW, windowBegins(window))] : []
  return [own(RELEASES, RELEASES_AT), own(KEPT, KEPT_AT), ...inWindow]
}

function ownEntries(settings: Settings): readonly Entry[] {
  const timezone = zoneOf(settings, Object.keys(settings.apps)[0] ?? "")
  const own = (schedule: string, cron: string, enabled = true): Entry => ({ app: SELF, schedule, cron, timezone, enabled })
  // Without a settings file there is nothing of our own to keep.
  return [own(SELF_POINT, SELF_AT, settings.file !== null), own(KEYS, KEYS_AT)]
}

function entry(app: string, schedule: string, given: { cron: string; timezone: string; enabled: boolean }): Entry {
  const { cron, timezone, enabled } = given
  return { app, schedule, cron: CRON_PRESETS[cron] ?? cron, timezone, enabled }
}

/** What belongs to an app is done in the nights of its first schedule. */
function zoneOf(settings: Settings, app: string): string {
  return Object.values(settings.apps[app]?.schedules ?? {})[0]?.timezone ?? "UTC"
}
