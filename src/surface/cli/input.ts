import { HoldfastError } from "../../base/errors.ts"
import { parseDurationMs } from "../../base/units.ts"

/** What was typed after the command's name, already checked against its spec; asking for a name that is not in the spec gives nothing. */
export interface CommandInput {
  /** A positional argument. */
  argument(name: string): string | null
  /** A positional argument that the spec calls required. */
  required(name: string): string
  /** All of a repeatable argument. */
  rest(name: string): readonly string[]
  flag(name: string): boolean
  text(name: string): string | null
  /** A repeatable option, also split at commas. */
  list(name: string): readonly string[]
  /** USAGE unless it is a whole number, zero or more. */
  count(name: string): number | null
  /** `24h` in milliseconds; USAGE unless it is a duration. */
  durationMs(name: string): number | null
}

export type Values = Readonly<Record<string, unknown>>

export function createInput(positional: Values, options: Values): CommandInput {
  const text = (name: string): string | null => {
    const value = options[name]
    return typeof value === "string" ? value : null
  }
  const argument = (name: string): string | null => {
    const value = positional[name]
    return typeof value === "string" ? value : null
  }
  return {
    argument,
    required: (name) => {
      const value = argument(name)
      if (value === null) throw usage(`${name} is missing`)
      return value
    },
    rest: (name) => strings(positional[name]),
    flag: (name) => options[name] === true,
    text,
    list: (name) => strings(options[name]).flatMap((item) => item.split(",").filter((part) => part !== "")),
    count: (name) => read(text(name), (typed) => (/^\d{1,9}$/.test(typed) ? Number(typed) : null), `--${name} takes a whole number`),
    durationMs: (name) => read(text(name), parseDurationMs, `--${name} takes a duration such as 30m, 24h or 7d`),
  }
}

/** The texts in a value of unknown shape. */
export function strings(value: unknown): readonly string[] {
  if (typeof value === "string") return [value]
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : []
}

function read<T>(typed: string | null, parse: (typed: string) => T | null, rule: string): T | null {
  if (typed === null) return null
  const value = parse(typed)
  if (value === null) throw usage(`${rule}, not "${typed}"`)
  return value
}

export function usage(what: string): HoldfastError {
  return new HoldfastError("USAGE", { what })
}

/** The same words, with what a command says on its own for another command that it runs. */
export function inputWith(
  input: CommandInput,
  given: { arguments?: Readonly<Record<string, string>>; flags?: readonly string[] },
): CommandInput {
  const argument = (name: string): string | null => given.arguments?.[name] ?? input.argument(name)
  return {
    ...input,
    argument,
    required: (name) => argument(name) ?? input.required(name),
    flag: (name) => given.flags?.includes(name) === true || input.flag(name),
  }
}
