import type { Amount, Progress } from "../../base/run-context.ts"
import type { Clock } from "../../base/clock.ts"
import { formatBytes, formatDuration } from "../../base/units.ts"
import { visible } from "./render/table.ts"
import type { Terminal } from "./terminal.ts"

export interface CliProgress extends Progress {
  /** Ends the last line; nothing is drawn after it. */
  close(): void
}

const REDRAW_EVERY_MS = 100
const PLAIN_EVERY_MS = 10_000
/** A rate over less than this says nothing. */
const RATE_AFTER_MS = 1000

/** How far a run is: one line that is redrawn on a terminal, plain lines elsewhere, only warnings when quiet. Always on standard error. */
export function createProgress(terminal: Terminal, clock: Clock, quiet: boolean): CliProgress {
  if (quiet) return { step: ignore, amount: ignore, note: ignore, warn: (text) => terminal.say(warning(text)), close: ignore }
  return terminal.redraws ? redrawing(terminal, clock) : plain(terminal, clock)
}

const ignore = (): void => undefined

function warning(text: string): string {
  return `warning: ${visible(text)}\n`
}

function plain(terminal: Terminal, clock: Clock): CliProgress {
  const present = stepClock(clock)
  const everySome = throttle(clock, PLAIN_EVERY_MS)
  return {
    step: (title) => {
      present.begin(title)
      everySome.reset()
      terminal.say(`${visible(title)}\n`)
    },
    amount: (amount) => {
      if (everySome.due()) terminal.say(`  ${describe(amount, present.elapsedMs())}\n`)
    },
    note: (text) => terminal.say(`${visible(text)}\n`),
    warn: (text) => terminal.say(warning(text)),
    close: ignore,
  }
}

const CLEAR_LINE = "\r\u001b[2K"

function redrawing(terminal: Terminal, clock: Clock): CliProgress {
  const present = stepClock(clock)
  const everySome = throttle(clock, REDRAW_EVERY_MS)
  let drawn = false
  const clear = (): void => {
    if (drawn) terminal.say(CLEAR_LINE)
    drawn = false
  }
  const draw = (line: string): void => {
    terminal.say(
      CLEAR_LINE +
        Array.from(visible(line))
          .slice(0, Math.max(10, terminal.columns - 1))
          .join(""),
    )
    drawn = true
  }
  const endStep = (): void => {
    if (present.title() === "") return
    clear()
    terminal.say(`${visible(present.title())} (${formatDuration(present.elapsedMs())})\n`)
    present.begin("")
  }
  const permanent = (text: string): void => {
    clear()
    terminal.say(text)
    if (present.title() !== "") draw(present.title())
  }
  return {
    step: (title) => {
      endStep()
      present.begin(title)
      everySome.reset()
      draw(title)
    },
    amount: (amount) => {
      if (everySome.due()) draw(`${present.title()}  ${bar(amount)}${describe(amount, present.elapsedMs())}`)
    },
    note: (text) => permanent(`${visible(text)}\n`),
    warn: (text) => permanent(warning(text)),
    close: endStep,
  }
}

function stepClock(clock: Clock): { begin(title: string): void; title(): string; elapsedMs(): number } {
  let title = ""
  let sinceMs = clock.monotonicMs()
  return {
    begin: (next) => {
      title = next
      sinceMs = clock.monotonicMs()
    },
    title: () => title,
    elapsedMs: () => clock.monotonicMs() - sinceMs,
  }
}

function throttle(clock: Clock, everyMs: number): { due(): boolean; reset(): void } {
  let lastMs = clock.monotonicMs()
  return {
    due: () => {
      if (clock.monotonicMs() - lastMs < everyMs) return false
      lastMs = clock.monotonicMs()
      return true
    },
    reset: () => {
      lastMs = clock.monotonicMs()
    },
  }
}

const BAR_CELLS = 20

/** A bar only where the whole is known. */
function bar(amount: Amount): string {
  const share = shareOf(amount)
  if (share === null) return ""
  const full = Math.round(share * BAR_CELLS)
  return `[${"#".repeat(full)}${"-".repeat(BAR_CELLS - full)}] ${Math.floor(share * 100)} %  `
}

function shareOf(amount: Amount): number | null {
  const { bytesDone, bytesTotal } = amount
  if (bytesDone === undefined || bytesTotal === undefined || bytesTotal <= 0) return null
  return Math.min(1, bytesDone / bytesTotal)
}

/** `1.5 GiB of 3.0 GiB, 12 of 40 files, 80 MiB/s, 20 s left`; what is not known is left out. */
export function describe(amount: Amount, elapsedMs: number): string {
  const bytes = ofTotal(amount.bytesDone, amount.bytesTotal, formatBytes)
  const files = ofTotal(amount.filesDone, amount.filesTotal, String)
  const rate = amount.bytesDone === undefined || elapsedMs < RATE_AFTER_MS ? null : (amount.bytesDone / elapsedMs) * 1000
  const left = rate === null || rate === 0 ? null : remainingMs(amount, rate)
  return [
    bytes,
    files === null ? null : `${files} ${amount.filesTotal === undefined && amount.filesDone === 1 ? "file" : "files"}`,
    rate === null ? null : `${formatBytes(rate)}/s`,
    left === null ? null : `${formatDuration(left)} left`,
  ]
    .filter((part) => part !== null)
    .join(", ")
}

function ofTotal(done: number | undefined, total: number | undefined, format: (value: number) => string): string | null {
  if (done === undefined) return null
  return total === undefined ? format(done) : `${format(done)} of ${format(total)}`
}

function remainingMs(amount: Amount, bytesPerSecond: number): number | null {
  if (amount.bytesDone === undefined || amount.bytesTotal === undefined) return null
  return (Math.max(0, amount.bytesTotal - amount.bytesDone) / bytesPerSecond) * 1000
}
