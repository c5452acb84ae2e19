import type { App, Keep, Schedule } from "../app/app.ts"

export interface VaultPolicy {
  readonly policy: Keep
  readonly timezone: string
  /** For points of secrets and configuration alone, where a schedule takes them as they change. */
  readonly onChange?: Keep
}

const MEMBERS = ["last", "hourly", "daily", "weekly", "monthly", "yearly", "withinMs"] as const

/**
 * The policy of one vault: its own, else the most generous of the schedules that write to it. Periods are those of the first such
 * schedule's timezone, UTC without one. Null when nothing says how long points are kept: then nothing goes.
 */
export function policyFor(app: App, vault: string, own: Keep | null): VaultPolicy | null {
  const schedules = Object.values(app.schedules).filter((schedule) => schedule.vault === vault)
  const copies = Object.values(app.schedules).filter((schedule) => schedule.copies.includes(vault))
  const timezone = [...schedules, ...copies][0]?.timezone ?? "Etc/UTC"
  const changes = onChangeOf([...schedules, ...copies])
  if (own !== null) return { policy: own, timezone, ...changes }
  // A copy never follows the deletion of its origin: without a policy of its own it keeps everything (design §8).
  if (schedules.length === 0) return null
  const byTime = schedules.filter((schedule) => !schedule.onChange)
  return { policy: union((byTime.length > 0 ? byTime : schedules).map((schedule) => schedule.keep)), timezone, ...changes }
}

function onChangeOf(schedules: readonly Schedule[]): Pick<VaultPolicy, "onChange"> {
  const policies = schedules.filter((schedule) => schedule.onChange).map((schedule) => schedule.keep)
  return policies.length === 0 ? {} : { onChange: union(policies) }
}

function union(policies: readonly Keep[]): Keep {
  return Object.fromEntries(
    MEMBERS.flatMap((member) => {
      const values = policies.flatMap((policy) => policy[member] ?? [])
      return values.length === 0 ? [] : [[member, Math.max(...values)]]
    }),
  )
}
