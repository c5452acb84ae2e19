import type { z } from "zod"
import { exampleAt, keysAt } from "./json-schema.ts"

/** One thing that is wrong in the settings: where, what, and what would be right. */
export interface SettingsProblem {
  readonly line: number
  readonly column: number
  /** `apps.chat.schedules.nightly.cron`; empty for the whole file. */
  readonly key: string
  readonly what: string
  /** A value that would be accepted, as YAML; null when the schema gives none. */
  readonly example: string | null
}

export interface Finding {
  readonly path: readonly PropertyKey[]
  readonly what: string
  /** The example is of this path when it is not of `path` itself. */
  readonly example: string | null
  /** The problem is the key, not its value. */
  readonly atKey: boolean
}

/** What a person should read about a schema's issue; several for several unknown keys. Never repeats a value that might be a secret. */
export function findingsOf(issue: z.core.$ZodIssue): readonly Finding[] {
  if (issue.code === "invalid_union") return unionFindings(issue)
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(issue.path, key))
  if (issue.code === "invalid_key")
    return [{ path: issue.path, what: issue.issues[0]?.message ?? issue.message, example: null, atKey: true }]
  return [{ path: issue.path, what: wording(issue), example: exampleText(issue.path), atKey: false }]
}

function unknownKey(path: readonly PropertyKey[], key: string): Finding {
  const known = keysAt(path)
  const near =
    known.find((candidate) => candidate.toLowerCase() === key.toLowerCase()) ?? known.find((candidate) => distance(candidate, key) <= 2)
  const what = near === undefined ? `unknown key; known here: ${known.join(", ") || "none"}` : `unknown key; did you mean \`${near}\`?`
  const example = near === undefined ? null : exampleText([...path, near])
  return { path: [...path, key], what, example: example === null ? null : `${String(near)}: ${example}`, atKey: true }
}

function wording(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type")
    return issue.input === undefined && /received undefined/.test(issue.message) ? "is missing" : article(issue.expected, issue.message)
  if (issue.code === "invalid_value" && "input" in issue && issue.input === undefined) return "is missing"
  if (issue.code === "invalid_value") return `must be one of ${issue.values.map((value) => `\`${String(value)}\``).join(", ")}`
  if (issue.code === "too_small" && (issue.origin === "string" || issue.origin === "array")) return "must not be empty"
  if (issue.code === "invalid_format" && issue.format === "email") return "is not an e-mail address"
  return issue.message.replace(/^Invalid input: /, "")
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  object: "a mapping",
  record: "a mapping",
  array: "a list",
  tuple: "a list",
  string: "a text",
  boolean: "`true` or `false`",
  number: "a number",
  int: "a whole number",
}

function article(expected: string, message: string): string {
  const received = /received (\w+)/.exec(message)?.[1]
  const got = received === undefined ? "" : `, not ${TYPE_WORDS[received] ?? (received === "null" ? "nothing" : received)}`
  return `must be ${TYPE_WORDS[expected] ?? expected}${got}`
}

/** Of the branches of a union, the one that got furthest is what the writer meant. */
function unionFindings(issue: z.core.$ZodIssueInvalidUnion): readonly Finding[] {
  const best = issue.errors.find((branch) => !branch.some((inner) => inner.code === "invalid_type" && inner.path.length === 0))
  if (best !== undefined) return best.flatMap((inner) => findingsOf({ ...inner, path: [...issue.path, ...inner.path] }))
  const kinds = new Set(
    issue.errors.flat().map((inner) => (inner.code === "invalid_type" ? (TYPE_WORDS[inner.expected] ?? inner.expected) : inner.message)),
  )
  return [{ path: issue.path, what: `must be ${[...kinds].join(" or ")}`, example: exampleText(issue.path), atKey: false }]
}

/** An example for the value at a path; where the schema has none, one for the nearest mapping or list around it, with its key. */
export function exampleText(path: readonly PropertyKey[]): string | null {
  const own = exampleAt(path)
  if (own !== null) return flow(own)
  for (let length = path.length - 1; length > 0; length -= 1) {
    const around = exampleAt(path.slice(0, length))
    if (around !== null) return `${String(path[length - 1])}: ${flow(around)}`
  }
  return null
}

/** A value in YAML's flow form, as a person would write it. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([key, member]) => `${key}: ${flow(member)}`)
    return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`
  }
  return typeof value === "string" && !/^[A-Za-z./][\w./-]*$/.test(value) ? JSON.stringify(value) : String(value)
}

function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (const [index, letter] of left.split("").entries()) {
    const next = [index + 1]
    for (let column = 1; column <= right.length; column += 1) {
      const replace = (row[column - 1] ?? 0) + (right[column - 1] === letter ? 0 : 1)
      next.push(Math.min(replace, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[right.length] ?? 0
}
