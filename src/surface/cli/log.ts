import type { Clock } from "../../base/clock.ts"
import type { Log, LogFields } from "../../base/run-context.ts"
import type { Terminal } from "./terminal.ts"

const LEVELS = ["debug", "info", "warn", "error"] as const
type Level = (typeof LEVELS)[number]

/** One JSON line per entry on standard error: errors always, more with `HOLDFAST_LOG=debug|info|warn`. */
export function createLog(terminal: Terminal, wanted: string, clock: Clock): Log {
  const from = Math.max(
    0,
    LEVELS.findIndex((level) => level === wanted.toLowerCase()),
  )
  const least = LEVELS.some((level) => level === wanted.toLowerCase()) ? from : LEVELS.indexOf("error")
  const at = (level: Level) => (message: string, fields?: LogFields) => {
    if (LEVELS.indexOf(level) < least) return
    terminal.say(`${JSON.stringify({ at: clock.now().toISOString(), level, message, ...fields })}\n`)
  }
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") }
}
