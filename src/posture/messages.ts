import type { Json } from "../base/canonical-json.ts"
import { instantText } from "./alarm.ts"
import { alarmKinds, hintOf, isAlarmKind, isNews, titleOf } from "./alarm-kinds.ts"
import type { Message } from "./ports.ts"
import type { OpenAlarm } from "./reconcile.ts"
import type { Notices } from "./telling.ts"

export interface Origin {
  readonly host: string
  readonly now: Date
}

type State = "new" | "open" | "ended"
type Item = Pick<OpenAlarm, "key" | "app" | "text" | "since"> & { readonly kind: string; readonly hint: string; readonly state: State }

/** One message for all that one receiver has to be told: what is wrong, why, what to do. */
export function noticeMessage(notices: Notices, { host, now }: Origin): Message {
  const items: readonly Item[] = [
    ...notices.fresh.map((alarm) => ({ ...alarm, state: "new" as const })),
    ...notices.reminders.map((alarm) => ({ ...alarm, state: "open" as const })),
    ...notices.ended.map((told) => ({ ...told, hint: hintOf(told.kind, told.app), state: "ended" as const })),
  ]
  const alarms = items.map(({ state, key, kind, app, text, hint, since }) => ({
    state,
    key,
    kind,
    app,
    text,
    hint,
    since: since.toISOString(),
  }))
  return {
    event: "notice",
    subject: subjectOf(items, host),
    body: [...items.map(paragraphOf), footerOf(host)].join("\n\n"),
    priority: priorityOf(items),
    document: { host, at: now.toISOString(), alarms },
  }
}

const WORDS: Readonly<Record<State, string>> = { new: "Alarm", open: "Still open", ended: "Resolved" }

function wordOf({ state, kind }: Item): string {
  return isNews(kind) ? "News" : WORDS[state]
}

function subjectOf(items: readonly Item[], host: string): string {
  const [first] = items
  if (first !== undefined && items.length === 1) return `${wordOf(first)}: ${titleOf(first)} (${host})`
  const counts = (["new", "open", "ended"] as const).flatMap((state) => {
    const count = items.filter((item) => item.state === state).length
    return count === 0 ? [] : [`${count} ${{ new: "new", open: "still open", ended: "resolved" }[state]}`]
  })
  return `Alarms: ${counts.join(", ")} (${host})`
}

function paragraphOf(item: Item): string {
  const head = `${wordOf(item)}: ${titleOf(item)}`
  if (item.state === "ended") return `${head}\nIt was: ${item.text}.`
  return `${head}\n${item.text}.\nWhat to do: ${item.hint}\nSince: ${instantText(item.since)}`
}

function priorityOf(items: readonly Item[]): Message["priority"] {
  const pressing = items.filter(({ state, kind }) => state !== "ended" && !(isAlarmKind(kind) && alarmKinds[kind].mild))
  return pressing.length > 0 ? "high" : items.every(({ state }) => state === "ended") ? "normal" : "low"
}

function footerOf(host: string): string {
  return `Sent by Holdfast on ${host}. \`holdfast status\` shows whether each app is protected.`
}

export interface EndedRun {
  readonly app: string
  readonly schedule: string
  readonly operationId: string | null
  /** What came of it, in a sentence without a full stop: `point 20260419T120000Z-0.24.6 was taken`. */
  readonly text: string
  /** It made the app another than before. */
  readonly changed?: true
}

/** A run that begins, succeeded or failed: for those who asked to hear of successes, and for dead-man switches. */
export function runMessage(event: "start" | "success" | "fail", run: EndedRun, { host, now }: Origin): Message {
  const { app, schedule, operationId, text } = run
  const what = { start: "has begun", success: "succeeded", fail: "failed" }[event]
  const facts: { readonly [key: string]: Json } = { app, schedule, operation: operationId, text }
  return {
    event,
    subject: `${app}: ${schedule} ${what} (${host})`,
    body: [`${text}.`, footerOf(host)].join("\n\n"),
    priority: event === "fail" ? "high" : "low",
    document: { host, at: now.toISOString(), run: facts },
  }
}

/** What the test button and `holdfast notify test` send. */
export function testMessage({ host, now }: Origin): Message {
  const body = `This is a test: messages of Holdfast on ${host} arrive here. Nothing is wrong and nothing needs to be done.`
  return { event: "test", subject: `Test message of Holdfast (${host})`, body, priority: "low", document: { host, at: now.toISOString() } }
}
