import { Cron } from "croner"
import { z } from "zod"
import { isTimezone } from "../base/timezone.ts"
import { parseDurationMs } from "../base/units.ts"
import { windowProblem } from "../schedule/window.ts"

/** Presets that may stand in the place of a five-field cron pattern. */
export const CRON_PRESETS: Readonly<Record<string, string>> = {
  hourly: "0 * * * *",
  daily: "0 3 * * *",
  weekly: "0 3 * * 0",
  monthly: "0 3 1 * *",
}

/** Why a cron pattern cannot be used; null when it can. A fixed start keeps the answer the same on every day. */
export function cronProblem(pattern: string): string | null {
  if (pattern in CRON_PRESETS) return null
  if (pattern.trim().split(/\s+/).length !== 5) return `"${pattern}" does not have five fields (minute hour day month weekday)`
  try {
    const next = new Cron(pattern, { mode: "5-part", paused: true, timezone: "UTC" }).nextRun(new Date(Date.UTC(2024, 0, 1)))
    return next === null ? `"${pattern}" never comes: no calendar has such a day` : null
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^CronPattern: /, "") : String(cause)
    return `"${pattern}" is not a cron pattern (${why})`
  }
}

/** Why a timezone cannot be used; null when it can. */
export function timezoneProblem(name: string): string | null {
  return isTimezone(name) ? null : `"${name}" is not a timezone that this machine knows`
}

function check(problem: (text: string) => string | null): z.ZodString {
  return z.string().check((payload) => {
    const message = problem(payload.value)
    if (message !== null) payload.issues.push({ code: "custom", message, input: payload.value })
  })
}

export const text = z
  .string()
  .min(1)
  .meta({ examples: ["name"] })
export const path = z
  .string()
  .min(1)
  .meta({ examples: ["./data/files"] })
export const count = z
  .int()
  .nonnegative()
  .meta({ examples: [7] })
export const port = z
  .int()
  .min(1)
  .max(65_535)
  .meta({ examples: [5432] })

/** `90s`, `30m`, `24h`, `7d`. */
export const duration = check((value) =>
  (parseDurationMs(value) ?? 0) > 0 ? null : `"${value}" is not a duration (a number and ms, s, m, h, d or w)`,
).meta({ examples: ["24h"] })

export const cron = check(cronProblem).meta({ examples: ["0 3 * * *"] })
export const timezone = check(timezoneProblem).meta({ examples: ["America/New_York"] })

/** `Sun 03:00-05:00`, `Mon-Fri 22:00-02:00`, `daily 03:00-04:00`. */
export const window = check(windowProblem).meta({ examples: ["Sun 03:00-05:00"] })

/** A duration that may be none at all: `0s`. */
export const age = check((value) =>
  parseDurationMs(value) === null ? `"${value}" is not a duration (a number and ms, s, m, h, d or w)` : null,
).meta({ examples: ["24h"] })

const ANY = "[xX*]"
const NUMBER = "(?:0|[1-9]\\d{0,14})"
const PRERELEASE = `-[A-Za-z][0-9A-Za-z]*(?:\\.${NUMBER})?`
const VERSION = `v?(?:${ANY}|${NUMBER}(?:\\.(?:${ANY}|${NUMBER}(?:\\.(?:${ANY}|${NUMBER}(?:${PRERELEASE})?))?))?)`
const COMPARATOR = `(?:[<>]=?|=|~|\\^)?${VERSION}`
const RANGE = new RegExp(`^${COMPARATOR}(?: ${COMPARATOR})*(?: \\|\\| ${COMPARATOR}(?: ${COMPARATOR})*)*$`)

/** As semver writes it: `^1.4`, `1.x`, `>=1.4 <3`. Read without that library, which every command would have to load. */
export const versionRange = check((value) => (RANGE.test(value) ? null : `"${value}" is not a range of versions`)).meta({
  examples: ["^0.24"],
})

/** Of a whole tag; a group called `version` holds the version. */
export const tagPattern = check((value) => (isPattern(value) ? null : `"${value}" is not a regular expression`)).meta({
  examples: ["release-(?<version>.+)"],
})

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).source !== ""
  } catch {
    return false
  }
}

/** A repository of images, without tag and digest. */
export const imageRepository = z
  .string()
  .regex(/^(?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::[0-9]{1,5})?\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/, {
    error: "is not the name of an image repository, without tag and digest",
  })
  .meta({ examples: ["registry.example.com/acme/chatalot"] })

export const argv = z.tuple([z.string().min(1)], z.string()).meta({ examples: [["systemctl", "stop", "superchat"]] })

/** Where a secret comes from; the text itself is never in the settings (design §4). */
export const secretReference = check((value) =>
  /^env:[A-Za-z_][A-Za-z0-9_]*$/.test(value) ? null : "a secret is never written here; name an environment variable, or use a file",
).meta({ examples: ["env:DB_PASSWORD"] })

/** The password inside a URL (`scheme://user:password@host`, `?password=…`), which must not be in a settings file. */
export function hasPasswordInside(url: string): boolean {
  return /:\/\/[^/@\s]*:[^/@\s]+@/.test(url) || /[?&](?:password|sslpassword)=./i.test(url)
}

export const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, { error: "is not `sha256:` and 64 hexadecimal digits" })
  .meta({
    examples: [`sha256:${"0".repeat(64)}`],
  })

export const NAME = /^[a-z][a-z0-9_-]{0,62}$/
/** A name that goes into tags, file names and database names. */
export const name = z
  .string()
  .regex(NAME, { error: "a name starts with a lower-case letter and has only lower-case letters, digits, `-` and `_`" })
  .meta({ examples: ["chat"] })
