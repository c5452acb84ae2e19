/** Reads `.env` files as compose does: quotes, `export`, comments, interpolation; of a key written twice the last one counts. */
import { readFileSync } from "node:fs"
import { HoldfastError } from "../base/errors.ts"
import { interpolate, type Variables } from "./interpolate.ts"

export interface EnvFile {
  readonly values: ReadonlyMap<string, string>
  /** Keys that are assigned more than once; `keygen.sh >> .env` leaves such files. */
  readonly duplicates: readonly string[]
}

const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*(?:([=:])[ \t]*)?/

/**
 * @param outer variables of the environment that values may refer to, after those of the file itself; null leaves every `$` as it is
 */
export function parseEnvFile(text: string, outer: Variables | null = () => undefined): EnvFile {
  const values = new Map<string, string>()
  const duplicates = new Set<string>()
  const lookUp = outer === null ? null : (name: string): string | undefined => values.get(name) ?? outer(name)
  let rest = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n")
  while (rest !== "") {
    const next = readLine(rest, lookUp)
    rest = next.rest
    if (next.key === null) continue
    if (values.has(next.key)) duplicates.add(next.key)
    if (next.value !== undefined) values.set(next.key, next.value)
  }
  return { values, duplicates: [...duplicates] }
}

interface Line {
  readonly key: string | null
  readonly value: string | undefined
  readonly rest: string
}

function readLine(text: string, lookUp: Variables | null): Line {
  const assignment = ASSIGNMENT.exec(text)
  if (!assignment) return { key: null, value: undefined, rest: afterLine(text) }
  const key = assignment[1] ?? ""
  const rest = text.slice(assignment[0].length)
  // A name alone takes its value from the environment.
  if (assignment[2] === undefined)
    return { key: /^[ \t]*(?:#.*)?(?:\n|$)/.test(rest) ? key : null, value: lookUp?.(key), rest: afterLine(rest) }
  return { key, ...readValue(rest, lookUp) }
}

function readValue(text: string, lookUp: Variables | null): { value: string; rest: string } {
  const quoted = /^'((?:[^'\\]|\\[\s\S])*)'/.exec(text)
  if (quoted) return { value: (quoted[1] ?? "").replaceAll("\\'", "'"), rest: afterLine(text.slice(quoted[0].length)) }
  const double = /^"((?:[^"\\]|\\[\s\S])*)"/.exec(text)
  if (double) return { value: filled(unescape(double[1] ?? "", lookUp !== null), lookUp), rest: afterLine(text.slice(double[0].length)) }
  const line = /^[^\n]*/.exec(text)?.[0] ?? ""
  const bare = line.replace(/(?:^|[ \t]+)#.*$/, "").trim()
  return { value: filled(bare, lookUp), rest: afterLine(text) }
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" }

/** `\$` stays a dollar sign through the interpolation that follows. */
function unescape(text: string, interpolated: boolean): string {
  const dollar = interpolated ? "$$" : "$"
  return text.replaceAll(/\\([\s\S])/g, (whole, letter: string) => (letter === "$" ? dollar : (ESCAPES[letter] ?? whole)))
}

function filled(text: string, lookUp: Variables | null): string {
  return lookUp === null ? text : interpolate(text, lookUp)
}

function afterLine(text: string): string {
  const end = text.indexOf("\n")
  return end < 0 ? "" : text.slice(end + 1)
}

/** Reads and parses a file; one that is not there has no values. */
export function readEnvFile(path: string, outer: Variables | null = () => undefined): EnvFile {
  try {
    return parseEnvFile(readFileSync(path, "utf8"), outer)
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR"))
      return { values: new Map(), duplicates: [] }
    throw new HoldfastError("SETTINGS_UNREADABLE", {
      what: `cannot read ${path}`,
      why: cause instanceof Error ? cause.message : String(cause),
      cause,
    })
  }
}
