export type Variables = (name: string) => string | undefined

/**
 * Fills `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:+other}`, `${NAME+other}`, `${NAME:?}` as compose does; `$$` is a dollar sign.
 * What is required and missing becomes empty here: compose itself refuses the file, and says so better.
 */
export function interpolate(text: string, variables: Variables): string {
  let result = ""
  let rest = text
  for (let at = rest.indexOf("$"); at >= 0; at = rest.indexOf("$")) {
    result += rest.slice(0, at)
    const { value, length } = substitution(rest.slice(at), variables)
    result += value
    rest = rest.slice(at + length)
  }
  return result + rest
}

/** A `$NAME` or `${NAME…}` in a text, outside of others. */
export interface Reference {
  readonly start: number
  /** Behind its last character. */
  readonly end: number
  readonly name: string
  /** `:-`, `-`, `:+`, `+`, `:?`, `?`; empty for none. */
  readonly operator: string
}

/** Where a text refers to variables; what stands inside a default counts as part of it. */
export function referencesIn(text: string): readonly Reference[] {
  const found: Reference[] = []
  for (let at = text.indexOf("$"); at >= 0;) {
    const rest = text.slice(at)
    const { length } = substitution(rest, () => undefined)
    const named = /^\$\{?([A-Za-z_]\w*)(:?[-+?])?/.exec(rest)
    const braced = rest.startsWith("${")
    if (named !== null && length > 1)
      found.push({ start: at, end: at + length, name: named[1] ?? "", operator: braced ? (named[2] ?? "") : "" })
    at = text.indexOf("$", at + length)
  }
  return found
}

/** Names of all variables that a text may depend on, those inside defaults too. */
export function variablesIn(text: string): readonly string[] {
  const names = new Set<string>()
  for (const answer of [undefined, "", "x"]) {
    interpolate(text, (name) => {
      names.add(name)
      return answer
    })
  }
  return [...names]
}

/** `text` starts with `$`. */
function substitution(text: string, variables: Variables): { value: string; length: number } {
  if (text.startsWith("$$")) return { value: "$", length: 2 }
  const plain = /^\$([A-Za-z_]\w*)/.exec(text)
  if (plain) return { value: variables(plain[1] ?? "") ?? "", length: plain[0].length }
  const end = text.startsWith("${") ? closing(text) : -1
  const braced = end < 0 ? null : /^([A-Za-z_]\w*)(?:(:?[-+?])([\s\S]*))?$/.exec(text.slice(2, end))
  if (!braced) return { value: "$", length: 1 }
  return { value: choose(variables(braced[1] ?? ""), braced[2], braced[3] ?? "", variables), length: end + 1 }
}

function choose(value: string | undefined, operator: string | undefined, operand: string, variables: Variables): string {
  const present = value !== undefined && (operator?.startsWith(":") !== true || value !== "")
  if (operator?.endsWith("-") === true) return present ? (value ?? "") : interpolate(operand, variables)
  if (operator?.endsWith("+") === true) return present ? interpolate(operand, variables) : ""
  return value ?? ""
}

/** The brace that closes `${`, with nested ones inside a default. */
function closing(text: string): number {
  let depth = 0
  for (let index = 1; index < text.length; index += 1) {
    if (text[index] === "{") depth += 1
    if (text[index] === "}") depth -= 1
    if (depth === 0) return index
  }
  return -1
}
