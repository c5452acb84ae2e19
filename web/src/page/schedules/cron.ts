/** The patterns that a form can show; anything else is edited as text. */
export type Rhythm =
  | { readonly every: "hour"; readonly minute: number }
  | { readonly every: "day"; readonly time: string }
  | { readonly every: "week"; readonly time: string; readonly weekday: number }
  | { readonly every: "month"; readonly time: string; readonly day: number }
  | { readonly every: "pattern"; readonly cron: string }

export const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const

const presets: Readonly<Record<string, string>> = { hourly: "0 * * * *", daily: "0 0 * * *", weekly: "0 0 * * 0", monthly: "0 0 1 * *" }

/** Reads a pattern as a rhythm where it is one of the simple ones. */
export function rhythmOf(cron: string): Rhythm {
  const text = cron.trim()
  const fields = (presets[text] ?? text).split(/\s+/)
  const [minute, hour, day, month, weekday] = fields
  const pattern: Rhythm = { every: "pattern", cron }
  if (fields.length !== 5 || !isWithin(minute, 59) || month !== "*") return pattern
  if (hour === "*" && day === "*" && weekday === "*") return { every: "hour", minute: Number(minute) }
  if (!isWithin(hour, 23)) return pattern
  const time = `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`
  if (day === "*" && weekday === "*") return { every: "day", time }
  if (day === "*" && isWithin(weekday, 7)) return { every: "week", time, weekday: Number(weekday) % 7 }
  if (weekday === "*" && isWithin(day, 31) && Number(day) > 0) return { every: "month", time, day: Number(day) }
  return pattern
}

/** The five fields of a rhythm. */
export function cronOf(rhythm: Rhythm): string {
  if (rhythm.every === "pattern") return rhythm.cron
  if (rhythm.every === "hour") return `${rhythm.minute} * * * *`
  const [hour = "0", minute = "0"] = rhythm.time.split(":")
  const at = `${Number(minute)} ${Number(hour)}`
  if (rhythm.every === "day") return `${at} * * *`
  return rhythm.every === "week" ? `${at} * * ${rhythm.weekday}` : `${at} ${rhythm.day} * *`
}

/** `Every day at 03:00`; null for a pattern that has no simple words. */
export function rhythmWords(cron: string): string | null {
  const rhythm = rhythmOf(cron)
  if (rhythm.every === "pattern") return null
  if (rhythm.every === "hour") return `Every hour at minute ${rhythm.minute}`
  if (rhythm.every === "day") return `Every day at ${rhythm.time}`
  if (rhythm.every === "week") return `Every ${WEEKDAYS[rhythm.weekday] ?? "week"} at ${rhythm.time}`
  return `Every month on day ${rhythm.day} at ${rhythm.time}`
}

function isWithin(field: string | undefined, most: number): field is string {
  return field !== undefined && /^\d{1,2}$/.test(field) && Number(field) <= most
}
