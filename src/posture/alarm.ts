import { hintOf, type AlarmKind } from "./alarm-kinds.ts"

/** Something that a person has to know until it is over. */
export interface Alarm {
  /** What makes it this alarm and no other: `overdue:chat:schedules.nightly`. */
  readonly key: string
  readonly app: string | null
  readonly kind: AlarmKind
  /** The schedule that it is about; null for alarms that are about none. */
  readonly schedule: string | null
  /** What is wrong and why. Without ages, so that it stays the same while nothing changes. */
  readonly text: string
  /** A sentence on what to do. */
  readonly hint: string
}

interface AlarmParts {
  readonly kind: AlarmKind
  readonly app?: string
  readonly schedule?: string
  /** What tells it from others of its kind, where app and schedule do not. */
  readonly about?: string
  readonly text: string
  readonly hint?: string
}

/** Hint and key follow from the kind and what it is about. */
export function alarmOf({ kind, app, schedule, about, text, hint }: AlarmParts): Alarm {
  const key = [kind, app, schedule, about].filter((word) => word !== undefined).join(":")
  return { key, app: app ?? null, kind, schedule: schedule ?? null, text, hint: hint ?? hintOf(kind, app ?? null) }
}

/** `2026-04-19 03:00 UTC`: an instant as alarms and messages say it. */
export function instantText(instant: Date): string {
  return `${instant.toISOString().slice(0, 16).replace("T", " ")} UTC`
}

export function newest<Item>(items: readonly Item[], at: (item: Item) => Date): Item | undefined {
  return items.reduce<Item | undefined>((best, item) => (best === undefined || at(item) > at(best) ? item : best), undefined)
}
