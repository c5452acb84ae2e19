import { dueSlot, parseSlots } from "./schedule.ts"

/** One thing that is done by the clock. */
export interface Entry {
  readonly app: string
  /** Its key in the settings: `schedules.nightly`, `drills.monthly`; or one of Holdfast's own: `holdfast.read`. */
  readonly schedule: string
  readonly cron: string
  readonly timezone: string
  readonly enabled: boolean
}

/** What is remembered of an entry. */
export interface EntryMemory {
  /** Since when it has been as it is now: slots before this were never owed. */
  readonly seenAt: Date
  /** The newest slot not after now that was handled, whatever came of it; null: none. */
  readonly newestHandled: Date | null
}

export interface DueJob {
  readonly app: string
  readonly schedule: string
  readonly slot: Date
  /** Slots before it that nobody ran. */
  readonly missed: number
}

/**
 * What is owed at `now`: for each entry at most one run, for its newest slot, however many were missed. Nothing is owed of a disabled
 * entry, nor of slots before it was first seen. Slots that are not after the newest handled one are never owed again, so a clock that is
 * set back repeats nothing.
 */
export function dueJobs(entries: readonly Entry[], memoryOf: (entry: Entry) => EntryMemory, now: Date): readonly DueJob[] {
  return entries.flatMap((entry) => {
    if (!entry.enabled) return []
    const { seenAt, newestHandled } = memoryOf(entry)
    const since = newestHandled === null || newestHandled < seenAt ? seenAt : newestHandled
    const due = dueSlot(slotsOf(entry), since, now)
    return due === null ? [] : [{ app: entry.app, schedule: entry.schedule, ...due }]
  })
}

/** What tells an entry that was changed from one that was not. */
export function signatureOf(entry: Entry): string {
  return `${entry.enabled ? "on" : "off"} ${entry.timezone} ${entry.cron}`
}

/**
 * Since when an entry has been as it is: a new one, one with another pattern and one that was enabled again count from now, and so does
 * one that was seen at an instant that has not come (the clock was ahead then).
 */
export function seenSince(entry: Entry, known: { readonly signature: string; readonly at: Date } | null, now: Date): Date {
  if (known === null || known.signature !== signatureOf(entry) || known.at > now) return now
  return known.at
}

/** The next instants at which the entry runs; fewer when there are no more, none when it is disabled. */
export function nextRuns(entry: Pick<Entry, "cron" | "timezone" | "enabled">, after: Date, count: number): readonly Date[] {
  if (!entry.enabled) return []
  const slots = slotsOf(entry)
  const runs: Date[] = []
  for (let at = slots.nextAfter(after); at !== null && runs.length < count; at = slots.nextAfter(at)) runs.push(at)
  return runs
}

/** When something is next due; null when nothing ever is. */
export function nextDueAt(entries: readonly Entry[], after: Date): Date | null {
  const [first] = entries.flatMap((entry) => nextRuns(entry, after, 1)).toSorted((left, right) => left.getTime() - right.getTime())
  return first ?? null
}

const parsed = new Map<string, ReturnType<typeof parseSlots>>()
const PARSED_KEPT = 1000

/** Reading a pattern costs more than asking it, and a service asks the same ones every half minute. */
function slotsOf({ cron, timezone }: Pick<Entry, "cron" | "timezone">): ReturnType<typeof parseSlots> {
  const key = `${timezone} ${cron}`
  const known = parsed.get(key)
  if (known !== undefined) return known
  if (parsed.size >= PARSED_KEPT) parsed.clear()
  const slots = parseSlots(cron, timezone)
  parsed.set(key, slots)
  return slots
}
