import type { Json } from "../../base/canonical-json.ts"
import type { CliHouse } from "./cli-house.ts"
import type { CommandInput } from "./input.ts"

/** One command as data, so that `--help`, completion and the manual need no verb to be loaded. */
export interface CommandSpec {
  readonly name: string
  readonly summary: string
  readonly arguments?: readonly ArgumentSpec[]
  readonly options?: readonly OptionSpec[]
  readonly subcommands?: readonly CommandSpec[]
  /**
   * What happens first to runs that were interrupted. `first`: they are settled, or the command does not start. `tolerant`: they are
   * settled, a failure is a warning (commands that only read). `never`: the command touches no app.
   */
  readonly settles: "first" | "tolerant" | "never"
  readonly load?: () => Promise<{ readonly run: CommandRun }>
}

export interface ArgumentSpec {
  readonly name: string
  readonly summary: string
  readonly required?: boolean
  readonly repeats?: boolean
}

export interface OptionSpec {
  /** `--vault <name>`, `--yes`. */
  readonly flags: string
  readonly summary: string
  readonly repeats?: boolean
}

export type CommandRun = (house: CliHouse, input: CommandInput) => Promise<CommandResult>

/** A document of `src/contract/output.ts`: named, versioned, additive. */
export type OutputDocument = { readonly format: string; readonly version: number } & { readonly [key: string]: Json | undefined }

export interface CommandResult {
  /** Printed with `--json`. */
  readonly document: OutputDocument
  /** Printed without. */
  readonly lines: readonly string[]
  /** 0 unless told: 3 partial, 4 not protected. */
  readonly exitCode?: number
}

export const EXIT = { done: 0, bug: 1, usage: 2, partial: 3, notProtected: 4, interrupted: 130 } as const
