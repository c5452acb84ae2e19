import type { Keep } from "../app/app.ts"
import { HoldfastError } from "../base/errors.ts"
import { isTimezone } from "../base/timezone.ts"

const COUNTS = ["last", "hourly", "daily", "weekly", "monthly", "yearly"] as const
const MAX_COUNT = 100_000
const MAX_WITHIN_MS = 100 * 366 * 86_400_000

/** Throws RETENTION_INVALID for a policy that is empty, keeps nothing, or has a value that cannot be meant. */
export function assertPolicy(policy: Keep, timezone: string): void {
  for (const name of COUNTS) assertAmount(name, policy[name], MAX_COUNT, "a whole number")
  assertAmount("within", policy.withinMs, MAX_WITHIN_MS, "a duration")
  if (![...COUNTS.map((name) => policy[name]), policy.withinMs].some((value) => (value ?? 0) > 0)) {
    throw new HoldfastError("RETENTION_INVALID", { what: "the retention policy keeps nothing", why: "none of its values is above zero" })
  }
  if (!isTimezone(timezone)) {
    throw new HoldfastError("RETENTION_INVALID", {
      what: `the retention policy's timezone ${JSON.stringify(timezone)} is unknown`,
      hint: "Give an IANA name such as Europe/Berlin or Etc/UTC.",
    })
  }
}

function assertAmount(name: string, value: number | undefined, max: number, kind: string): void {
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= max)) return
  throw new HoldfastError("RETENTION_INVALID", {
    what: `\`keep.${name}\` is not usable`,
    why: `${value} is not ${kind} from 0 to ${max}${name === "within" ? " ms" : ""}`,
  })
}
