import type { Clock } from "./clock.ts"

/** Amounts are honest: what is not known is left out, never invented. */
export interface Amount {
  bytesDone?: number
  bytesTotal?: number
  filesDone?: number
  filesTotal?: number
}

/** Where a long run tells how far it is. Every method is cheap and never throws. */
export interface Progress {
  /** A named step begins; it lasts until the next one. */
  step(title: string): void
  /** How far the present step is. */
  amount(amount: Amount): void
  /** Something a person should read that is neither an error nor a step. */
  note(text: string): void
  /** Something that is not as it should be; it is also kept with the operation's outcome by the caller. */
  warn(text: string): void
}

export type LogFields = Readonly<Record<string, unknown>>

/** Structured log of the process. Rooms do not log errors they return; the edge does, once. */
export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** What every long run receives: when to stop, where to report, what time it is. */
export interface RunContext {
  readonly signal: AbortSignal
  readonly progress: Progress
  readonly log: Log
  readonly clock: Clock
  /** The operation this run belongs to; database sessions carry it as `holdfast:<operationId>`. */
  readonly operationId: string
}

const ignore = (): void => undefined

export const silentProgress: Progress = { step: ignore, amount: ignore, note: ignore, warn: ignore }

export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore }
