import type { Keep } from "../../../../src/contract/api/shapes.ts"
import { targetsBodyOf, targetsDraftOf, type TargetsDraft } from "../../piece/targets-draft.ts"
import type { Schedule, ScheduleBody } from "../../../../src/contract/api/schedules.ts"

/** What the form holds; empty strings and lists stand for what the file does not say. */
export interface Draft {
  readonly name: string
  readonly kind: "backup" | "drill"
  readonly cron: string
  readonly timezone: string
  readonly enabled: boolean
  readonly vault: string
  readonly copies: readonly string[]
  readonly ownKeep: boolean
  readonly keep: Keep
  readonly cold: boolean
  readonly only: readonly string[]
  readonly onChange: boolean
  readonly level: "restored" | "booted"
  readonly notify: TargetsDraft
}

/** What a new schedule starts with (design §8). */
export const USUAL_KEEP: Keep = { last: 3, daily: 7, weekly: 4, monthly: 12 }

export function newDraft(kind: "backup" | "drill", timezone: string): Draft {
  const backup = kind === "backup"
  return {
    name: backup ? "nightly" : "monthly",
    kind,
    cron: backup ? "0 3 * * *" : "0 4 1 * *",
    timezone,
    enabled: true,
    vault: "",
    copies: [],
    ownKeep: backup,
    keep: USUAL_KEEP,
    cold: false,
    only: [],
    onChange: false,
    level: "restored",
    notify: targetsDraftOf(null),
  }
}

export function draftOf(schedule: Schedule): Draft {
  return {
    name: schedule.name,
    kind: schedule.kind,
    cron: schedule.cron,
    timezone: schedule.timezone,
    enabled: schedule.enabled,
    vault: schedule.vault ?? "",
    copies: schedule.copies,
    ownKeep: schedule.keep !== null,
    keep: schedule.keep ?? USUAL_KEEP,
    cold: schedule.cold,
    only: schedule.only ?? [],
    onChange: schedule.onChange,
    level: schedule.level ?? "restored",
    notify: targetsDraftOf(schedule.notify),
  }
}

/** A new schedule without receivers of its own says nothing of them: who may not name any may still make it. */
function notifyOf({ notify }: Draft, before: Draft | null): Pick<ScheduleBody, "notify"> {
  const targets = targetsBodyOf(notify)
  return before === null && targets === null ? {} : { notify: targets }
}

/** What is sent: only what differs from `before`, so that the rest of the file stays as somebody wrote it. */
export function bodyOf(draft: Draft, before: Draft | null): ScheduleBody {
  const differs = (member: keyof Draft): boolean => before === null || JSON.stringify(draft[member]) !== JSON.stringify(before[member])
  const backup = draft.kind === "backup"
  return {
    kind: draft.kind,
    cron: draft.cron.trim(),
    ...(differs("timezone") ? { timezone: draft.timezone } : {}),
    ...(differs("enabled") ? { enabled: draft.enabled } : {}),
    ...(differs("vault") && (draft.vault !== "" || before !== null) ? { vault: draft.vault === "" ? null : draft.vault } : {}),
    ...(backup && differs("copies") ? { copies: [...draft.copies] } : {}),
    ...(backup && (differs("ownKeep") || (draft.ownKeep && differs("keep"))) ? { keep: draft.ownKeep ? draft.keep : null } : {}),
    ...(backup && differs("cold") ? { cold: draft.cold } : {}),
    ...(backup && differs("only") && (draft.only.length > 0 || before !== null)
      ? { only: draft.only.length === 0 ? null : [...draft.only] }
      : {}),
    ...(backup && differs("onChange") && (draft.onChange || before !== null) ? { onChange: draft.onChange } : {}),
    ...(!backup && differs("level") ? { level: draft.level } : {}),
    ...(differs("notify") ? notifyOf(draft, before) : {}),
  }
}
