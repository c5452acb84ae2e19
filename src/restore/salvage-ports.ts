import type { RunContext } from "../base/run-context.ts"

/** What can be said of a database file that may be damaged. */
export interface Examination {
  /** Empty when it is whole; else the engine's own words. */
  readonly damage: readonly string[]
  /** Rows by table, as far as they can be counted. */
  readonly rows: Readonly<Record<string, number>>
}

/** Work on private copies of a damaged database file. Implemented under `tool/`. */
export interface Salvager {
  /** Gives `use` a private directory, removed afterwards. */
  withDirectory<T>(ctx: RunContext, use: (directory: string) => Promise<T>): Promise<T>
  /** Copies the file with its log and journal; the original is only read. Throws SPACE_MISSING when it does not fit. */
  copy(file: string, directory: string, ctx: RunContext): Promise<{ copy: string; logBytes: number; journalBytes: number }>
  /** Replays the copy's log, or rolls its journal back. Throws when the copy is too damaged for that. */
  settle(copy: string, ctx: RunContext): Promise<void>
  examine(copy: string, ctx: RunContext): Promise<Examination>
  /** Reads whatever can be read into a new file. Throws SALVAGE_FAILED when that is nothing. */
  recover(copy: string, result: string, ctx: RunContext): Promise<void>
  /** Puts the result at its place, durably, with the owner and mode of `like`. Throws TARGET_NOT_EMPTY rather than overwrite. */
  place(result: string, target: string, like: string, ctx: RunContext): Promise<void>
}
