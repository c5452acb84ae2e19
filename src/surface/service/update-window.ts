/** `Sun 03:00-05:00` as a cron pattern of its begin: that is when automatic updates are due. */
export function windowBegins(window: string): string {
  const found = /^(?:(\S+) )?(\d{2}):(\d{2})-/.exec(window)
  if (found === null) throw new Error(`"${window}" is not a window of days and hours`)
  const [, days = "daily", hour = "", minute = ""] = found
  return `${Number(minute)} ${Number(hour)} * * ${days === "daily" ? "*" : daysOf(days).join(",")}`
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

/** `Fri-Mon` goes over the week's end, which a pattern cannot say. */
function daysOf(days: string): readonly number[] {
  const numbers = days.split(",").flatMap((range) => {
    const [first = "", last = first] = range.split("-")
    const from = DAYS.indexOf(first)
    const count = ((DAYS.indexOf(last) - from + DAYS.length) % DAYS.length) + 1
    return Array.from({ length: count }, (_, index) => (from + index) % DAYS.length)
  })
  return [...new Set(numbers)].toSorted((left, right) => left - right)
}
