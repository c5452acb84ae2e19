import { z } from "zod"
import { alarmKinds, isAlarmKind, isNews } from "./alarm-kinds.ts"
import type { Message } from "./ports.ts"
import type { OpenAlarm } from "./reconcile.ts"

const instant = z.iso.datetime().transform((text) => new Date(text))

const messageSchema = z.object({
  event: z.enum(["notice", "start", "success", "fail", "test"]),
  subject: z.string(),
  body: z.string(),
  priority: z.enum(["low", "normal", "high"]),
  document: z.record(z.string(), z.json()),
})

const toldSchema = z.object({ kind: z.string(), app: z.string().nullable(), text: z.string(), since: instant, at: instant })

/** What one receiver was told, what it is still owed, and whether it takes messages at all; kept in the store as JSON. */
export const tellingSchema = z.object({
  /** Open alarms by key, as it was told of them last. */
  told: z.record(z.string(), toldSchema),
  /** Messages of single runs that have not arrived yet, oldest first. */
  owed: z.array(messageSchema),
  failures: z.number().int().nonnegative(),
  failingSince: instant.nullable(),
  nextTryAt: instant.nullable(),
  error: z.string().nullable(),
})

export type Told = z.output<typeof toldSchema>

export interface Telling extends Omit<z.output<typeof tellingSchema>, "owed"> {
  readonly owed: readonly Message[]
}

export const NOTHING_TOLD: Telling = { told: {}, owed: [], failures: 0, failingSince: null, nextTryAt: null, error: null }

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const LONGEST_PAUSE_MS = HOUR_MS
const OWED_KEPT = 10
const NEWS_KNOWN_MS = 180 * DAY_MS

export interface Notices {
  readonly fresh: readonly OpenAlarm[]
  readonly reminders: readonly OpenAlarm[]
  /** Ended, as this receiver knew them. */
  readonly ended: readonly (Told & { readonly key: string })[]
}

/**
 * What one receiver has to be told now: each alarm once when it is new, daily while it is open (weekly when it is mild), once when it
 * has ended. Null when there is nothing to tell, or when its next try has not come.
 * @param current open alarms that concern this receiver
 * @param unjudged keys of open alarms of which nothing is known now: silence about them is not their end
 */
export function planNotices(
  previous: Telling,
  current: readonly OpenAlarm[],
  now: Date,
  unjudged: ReadonlySet<string> = new Set(),
): Notices | null {
  if (isPausing(previous, now)) return null
  const knows = ({ key, since }: OpenAlarm): boolean => previous.told[key]?.since.getTime() === since.getTime()
  const present = new Set([...current.map(({ key }) => key), ...unjudged])
  const notices: Notices = {
    fresh: current.filter((alarm) => !knows(alarm)),
    reminders: current.filter((alarm) => knows(alarm) && isReminderDue(alarm, previous.told[alarm.key]?.at, now)),
    ended: Object.entries(previous.told).flatMap(([key, told]) => (present.has(key) || isNews(told.kind) ? [] : [{ key, ...told }])),
  }
  return notices.fresh.length + notices.reminders.length + notices.ended.length === 0 ? null : notices
}

/** Told in the future: the clock was set back, and waiting for that day would be silence. */
function isReminderDue({ kind }: OpenAlarm, toldAt: Date | undefined, now: Date): boolean {
  if (isNews(kind)) return false
  if (toldAt === undefined || toldAt > now) return true
  const everyMs = isAlarmKind(kind) && alarmKinds[kind].mild ? 7 * DAY_MS : DAY_MS
  return now.getTime() - toldAt.getTime() >= everyMs
}

/** Nothing tells the end of news, so what was told of it is forgotten after a while. */
function isOldNews({ kind, at }: Told, now: Date): boolean {
  return isNews(kind) && now.getTime() - at.getTime() > NEWS_KNOWN_MS
}

/** After a failure a receiver is left alone for a while; never longer than the longest pause, whatever the clock did. */
export function isPausing({ nextTryAt }: Telling, now: Date): boolean {
  return nextTryAt !== null && nextTryAt > now && nextTryAt.getTime() - now.getTime() <= LONGEST_PAUSE_MS
}

/** The receiver took these notices. */
export function afterTold(previous: Telling, notices: Notices, now: Date): Telling {
  const gone = new Set(notices.ended.map(({ key }) => key))
  const kept = Object.entries(previous.told).filter(([key, old]) => !gone.has(key) && !isOldNews(old, now))
  const told = [...notices.fresh, ...notices.reminders].map(({ key, kind, app, text, since }): [string, Told] => [
    key,
    { kind, app, text, since, at: now },
  ])
  return { ...healthy(previous), told: { ...Object.fromEntries(kept), ...Object.fromEntries(told) } }
}

/** The receiver took the oldest message that it was owed. */
export function afterPaid(previous: Telling): Telling {
  return { ...healthy(previous), owed: previous.owed.slice(1) }
}

function healthy(previous: Telling): Telling {
  return { ...previous, failures: 0, failingSince: null, nextTryAt: null, error: null }
}

/** The receiver did not take it: it stays untold and is tried again after 1, 2, 4, … minutes, at most an hour. */
export function afterFailed(previous: Telling, error: string, now: Date): Telling {
  const pauseMs = Math.min(LONGEST_PAUSE_MS, MINUTE_MS * 2 ** Math.min(previous.failures, 10))
  return {
    ...previous,
    failures: previous.failures + 1,
    failingSince: previous.failingSince ?? now,
    nextTryAt: new Date(now.getTime() + pauseMs),
    error,
  }
}

/** Owes the receiver one message more. A dead-man switch is owed only the last word; of others the newest few are kept. */
export function owing(previous: Telling, message: Message, lastWordOnly: boolean): Telling {
  return { ...previous, owed: lastWordOnly ? [message] : [...previous.owed, message].slice(-OWED_KEPT) }
}
