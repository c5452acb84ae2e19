/** Days and hours in which something may run by itself: `Sun 03:00-05:00`, `Mon-Fri 22:00-02:00`, `daily 03:00-04:00`, `03:00-04:00`. Pure. */
import { HoldfastError } from "../base/errors.ts"
import { dayOf, firstInstantAt, wallClock } from "./wall-clock.ts"

export interface Window {
  readonly text: string
  /** Days that it opens on, 0 is Sunday. */
  readonly days: readonly number[]
  /** On the wall clock, since midnight of the day that it opens on. */
  readonly opensMinute: number
  /** Of the same day; more than a day's minutes when it closes after midnight. */
  readonly closesMinute: number
}

/** One time that a window is open: the first instant in it, and the first one that is not. */
export interface Opening {
  readonly opens: Date
  readonly closes: Date
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
const DAY = `(?:${DAYS.join("|")})`
const TIME = "([01]\\d|2[0-3]):([0-5]\\d)"
const WINDOW = new RegExp(`^(?:(daily|${DAY}(?:-${DAY})?(?:,${DAY}(?:-${DAY})?)*) )?${TIME}-(?:${TIME}|24:00)$`)
const DAY_MINUTES = 24 * 60
/** A day that the calendar left out, or a gap in its clock, can swallow an opening; the same one never twice. */
const DAYS_LOOKED_AT = 15

/** Why a text is no window; null when it is one. */
export function windowProblem(text: string): string | null {
  const match = WINDOW.exec(text)
  if (match === null) return `"${text}" is not a window of days and hours`
  const [, , openHour, openMinute, closeHour, closeMinute] = match
  return openHour === closeHour && openMinute === closeMinute ? `"${text}" opens and closes at the same minute` : null
}

/** @throws SETTINGS_INVALID when it is none */
export function parseWindow(text: string): Window {
  const [problem, match] = [windowProblem(text), WINDOW.exec(text)]
  if (problem === null && match !== null) return windowOf(text, match)
  throw new HoldfastError("SETTINGS_INVALID", { what: problem ?? `"${text}" is not a window`, hint: "Write it as Sun 03:00-05:00." })
}

function windowOf(text: string, match: RegExpExecArray): Window {
  const [, days, openHour = "0", openMinute = "0", closeHour = "24", closeMinute = "0"] = match
  const opensMinute = Number(openHour) * 60 + Number(openMinute)
  const closes = Number(closeHour) * 60 + Number(closeMinute)
  return { text, days: daysOf(days), opensMinute, closesMinute: closes <= opensMinute ? closes + DAY_MINUTES : closes }
}

/** `Sat-Mon` goes over the end of the week. */
function daysOf(text: string | undefined): readonly number[] {
  if (text === undefined || text === "daily") return [0, 1, 2, 3, 4, 5, 6]
  const days = text.split(",").flatMap((part) => {
    const [first = "", last = first] = part.split("-")
    const [from, to] = [DAYS.indexOf(first), DAYS.indexOf(last)]
    return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, index) => (from + index) % 7)
  })
  return [...new Set(days)].toSorted((left, right) => left - right)
}

/** Whether it may run now. */
export function isInside(window: Window, timezone: string, instant: Date): boolean {
  return openingAt(window, timezone, instant) !== null
}

/** The opening that an instant is in; null outside. Where two touch or overlap, the one that closes last. */
export function openingAt(window: Window, timezone: string, instant: Date): Opening | null {
  const today = dayOf(wallClock(instant, timezone))
  const now = [today - 1, today, today + 1]
    .map((day) => openingOn(window, timezone, day))
    .filter((opening) => opening !== null && opening.opens <= instant && instant < opening.closes)
  return now.at(-1) ?? null
}

/**
 * The first opening after an instant; one that an instant is in does not count. In a spring night an opening that begins in the hour
 * that is left out begins at its end; in an autumn night one begins and ends the first time that the clock shows it.
 */
export function nextOpening(window: Window, timezone: string, instant: Date): Opening {
  const today = dayOf(wallClock(instant, timezone))
  for (let day = today - 1; day <= today + DAYS_LOOKED_AT; day += 1) {
    const opening = openingOn(window, timezone, day)
    if (opening !== null && opening.opens > instant) return opening
  }
  throw new Error(`the window ${window.text} does not open within ${DAYS_LOOKED_AT} days`)
}

/** @param day days since 1970-01-01 on the wall clock */
function openingOn(window: Window, timezone: string, day: number): Opening | null {
  // 1970-01-01 was a Thursday.
  if (!window.days.includes((((day + 4) % 7) + 7) % 7)) return null
  const opens = firstInstantAt(day, window.opensMinute, timezone)
  const closes = firstInstantAt(day, window.closesMinute, timezone)
  return opens < closes ? { opens, closes } : null
}
