/** When a run is due or was missed: pure functions of a cron pattern, its timezone and given instants (design §9). */
import { Cron } from "croner"
import { HoldfastError, messageOf } from "../base/errors.ts"
import { isTimezone } from "../base/timezone.ts"

export interface Slots {
  readonly cron: string
  readonly timezone: string
  /** The first slot after `instant`; null when there is none any more. */
  readonly nextAfter: (instant: Date) => Date | null
}

export interface DueSlot {
  /** The newest slot that has come: the one run that is owed, however many were missed. */
  readonly slot: Date
  /** Slots before it that nobody ran; at most `MISSED_COUNTED` are counted. */
  readonly missed: number
}

const PRESETS: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
}

const MISSED_COUNTED = 1000
const PROBE_FROM = new Date("2024-01-01T00:00:00Z")
const PROBE_TIMEZONE = "Etc/UTC"

/**
 * Slots of a five-field cron pattern or a preset (`@daily`). Each wall-clock slot comes once: one that a spring night
 * skips comes at the end of the gap, one that an autumn night has twice comes the first time.
 * @throws SETTINGS_INVALID for a pattern that cannot be read or never fires, and for an unknown timezone
 */
export function parseSlots(cron: string, timezone: string): Slots {
  const pattern = fiveFields(cron)
  assertTimezone(timezone)
  const job = readPattern(cron, pattern, timezone)
  return { cron, timezone, nextAfter: (instant) => job.nextRun(instant) }
}

/**
 * Whether a run is owed at `now`. After downtime that is one run for the newest slot, not one for each.
 * @param since the slot (or instant) up to which all is handled
 */
export function dueSlot(slots: Slots, since: Date, now: Date): DueSlot | null {
  let slot = slots.nextAfter(since)
  if (slot === null || slot > now) return null
  let missed = 0
  for (let next = slots.nextAfter(slot); next !== null && next <= now; next = slots.nextAfter(slot)) {
    slot = missed < MISSED_COUNTED ? next : newestSlot(slots, next, now)
    missed += missed < MISSED_COUNTED ? 1 : 0
  }
  return { slot, missed }
}

/** For years of missed minutes: jumps by halves instead of walking every slot. */
function newestSlot(slots: Slots, from: Date, now: Date): Date {
  let newest = from
  for (let stepMs = now.getTime() - from.getTime(); stepMs >= 1000; stepMs = Math.floor(stepMs / 2)) {
    const candidate = slots.nextAfter(new Date(newest.getTime() + stepMs))
    if (candidate !== null && candidate <= now) newest = candidate
  }
  return newest
}

function fiveFields(cron: string): string {
  const preset = PRESETS[cron.trim().toLowerCase()]
  if (preset !== undefined) return preset
  const fields = cron.trim().split(/\s+/)
  if (fields.length === 5) return fields.join(" ")
  throw unusable(cron, `it has ${cron.trim() === "" ? 0 : fields.length} fields, not minute, hour, day, month and weekday`)
}

function readPattern(cron: string, pattern: string, timezone: string): Cron {
  try {
    // In UTC first: a pattern that never fires there (30 February) never fires anywhere.
    if (new Cron(pattern, { timezone: PROBE_TIMEZONE, paused: true, mode: "5-part" }).nextRun(PROBE_FROM) === null) {
      throw unusable(cron, "no day in the calendar matches it")
    }
    return new Cron(pattern, { timezone, paused: true, mode: "5-part" })
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause
    throw unusable(cron, messageOf(cause).replace(/^Cron\w+: /, ""), cause)
  }
}

function assertTimezone(timezone: string): void {
  if (isTimezone(timezone)) return
  throw new HoldfastError("SETTINGS_INVALID", {
    what: `unknown timezone ${JSON.stringify(timezone)}`,
    hint: "Give an IANA name such as Europe/Berlin or Etc/UTC.",
  })
}

function unusable(cron: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError("SETTINGS_INVALID", {
    what: `the schedule ${JSON.stringify(cron)} cannot be used`,
    why,
    hint: "Give five fields such as `0 3 * * *`, or a preset such as @daily.",
    cause,
  })
}
