import { createHash } from "node:crypto"
import { splitAddresses } from "../settings/addresses.ts"
import type { SettingsData } from "../settings/schema.ts"
import type { Alarm } from "./alarm.ts"

/** What the settings say about one receiver; secrets are still names (`env:NAME`). */
export interface ReceiverRef {
  /** The same for the same kind and address, and without it: an address may be all that is needed to write there. */
  readonly id: string
  readonly kind: "email" | "webhook" | "ntfy" | "ping"
  /** As written in the settings. */
  readonly address: string
  /** What a person calls it; without what is secret of an address. */
  readonly name: string
}

type NotifyingSettings = Pick<SettingsData, "apps" | "notify">
type Notice = NonNullable<NonNullable<SettingsData["notify"]>["always"]>

export interface Run {
  readonly app: string
  /** `schedules.nightly`, `drills.monthly`, `updates.window`, `holdfast.read`. */
  readonly schedule: string
}

/** Everybody whom the settings name anywhere. Each receiver comes once. */
export function allReceivers(settings: NotifyingSettings): readonly ReceiverRef[] {
  return unique(allNotices(settings).flatMap((notice) => [...peopleOf(notice), ...pingsOf(notice)]))
}

/** Everybody who is told of one app, or of everything. */
export function receiversOfApp(settings: NotifyingSettings, app: string): readonly ReceiverRef[] {
  return unique([...noticesOfApp(settings, app), ...alwaysOf(settings)].flatMap((notice) => [...peopleOf(notice), ...pingsOf(notice)]))
}

/** Whether anybody is told of an app's alarms; a dead-man switch only knows that a run came. */
export function hasReceiver(settings: NotifyingSettings, app: string): boolean {
  return [...noticesOfApp(settings, app), ...alwaysOf(settings)].some((notice) => peopleOf(notice).length > 0)
}

/**
 * Who is told of an alarm. About a schedule: those that the schedule, its app and `always` name. About an app: all who are named
 * anywhere for that app. About the machine and Holdfast itself: `always`, and where that names nobody, everybody. Nobody is told by itself that it fails.
 */
export function audienceOf(settings: NotifyingSettings, alarm: Pick<Alarm, "app" | "schedule" | "kind" | "key">): readonly ReceiverRef[] {
  return unique(noticesAbout(settings, alarm).flatMap(peopleOf)).filter(({ id }) => alarm.key !== `notifier-failing:${id}`)
}

function noticesAbout(settings: NotifyingSettings, { app, schedule }: Pick<Alarm, "app" | "schedule">): readonly Notice[] {
  const always = alwaysOf(settings)
  const known = app !== null && settings.apps[app] !== undefined
  // What Holdfast does by itself for an app (`holdfast.read`) has no entry that could name anybody.
  const ofEntry = schedule !== null && !schedule.startsWith("holdfast.")
  if (known && ofEntry) return [...noticesOfRun(settings, { app, schedule }), ...always]
  if (known) return [...noticesOfApp(settings, app), ...always]
  return always.some((notice) => peopleOf(notice).length > 0) ? always : allNotices(settings)
}

/** Who hears of a run that succeeded: those who asked for it. */
export function successAudience(settings: NotifyingSettings, run: Run): readonly ReceiverRef[] {
  const notices = [...noticesOfRun(settings, run), ...alwaysOf(settings)]
  return unique(notices.filter(({ onSuccess }) => onSuccess).flatMap(peopleOf))
}

/** Who hears that a run made the app another than before: everybody who is named for it, whether they asked for successes or not. */
export function changeAudience(settings: NotifyingSettings, run: Run): readonly ReceiverRef[] {
  return unique([...noticesOfRun(settings, run), ...alwaysOf(settings)].flatMap(peopleOf))
}

/** The dead-man switches of a run. */
export function pingsOfRun(settings: NotifyingSettings, run: Run): readonly ReceiverRef[] {
  return unique([...noticesOfRun(settings, run), ...alwaysOf(settings)].flatMap(pingsOf))
}

function alwaysOf({ notify }: NotifyingSettings): readonly Notice[] {
  return notify?.always === undefined ? [] : [notify.always]
}

function noticesOfRun({ apps }: NotifyingSettings, { app, schedule }: Run): readonly Notice[] {
  const settings = apps[app]
  const [group, name = ""] = schedule.split(/\.(.*)/)
  const entry =
    group === "drills"
      ? settings?.drills?.[name]
      : group === "schedules"
        ? settings?.schedules?.[name]
        : group === "updates"
          ? settings?.updates
          : undefined
  return [entry?.notify, settings?.notify].filter((notice) => notice !== undefined)
}

function noticesOfApp({ apps }: NotifyingSettings, app: string): readonly Notice[] {
  const settings = apps[app]
  const entries = [...Object.values(settings?.schedules ?? {}), ...Object.values(settings?.drills ?? {})]
  return [settings?.notify, ...entries.map(({ notify }) => notify), settings?.updates?.notify].filter((notice) => notice !== undefined)
}

function allNotices(settings: NotifyingSettings): readonly Notice[] {
  return [...alwaysOf(settings), ...Object.keys(settings.apps).flatMap((app) => noticesOfApp(settings, app))]
}

function peopleOf({ emails = [], webhooks = [], ntfy = [] }: Notice): readonly ReceiverRef[] {
  const addresses = typeof emails === "string" ? splitAddresses(emails) : emails
  return [
    ...addresses.map((address) => refOf("email", address)),
    ...webhooks.map((address) => refOf("webhook", address)),
    ...ntfy.map((address) => refOf("ntfy", address)),
  ]
}

function pingsOf({ ping }: Notice): readonly ReceiverRef[] {
  return ping === undefined ? [] : [refOf("ping", ping)]
}

function refOf(kind: ReceiverRef["kind"], address: string): ReceiverRef {
  const same = kind === "email" ? address.toLowerCase() : address
  const id = `${kind}-${createHash("sha256").update(same).digest("hex").slice(0, 12)}`
  return { id, kind, address, name: nameOf(kind, address) }
}

function nameOf(kind: ReceiverRef["kind"], address: string): string {
  if (kind === "email") return `mail to ${address}`
  const place = address.startsWith("env:") ? address : URL.canParse(address) ? new URL(address).host : "an address that is none"
  return `${kind} at ${place}`
}

function unique(refs: readonly ReceiverRef[]): readonly ReceiverRef[] {
  return [...Map.groupBy(refs, ({ id }) => id).values()].flatMap((same) => same.slice(0, 1))
}
