import { HoldfastError, isHoldfastError } from "../../../base/errors.ts"
import { EXIT, type OutputDocument } from "../command-spec.ts"

/** The exit code of anything that was thrown; what is not ours is a bug. */
export function exitCodeOf(thrown: unknown, interrupted: boolean): number {
  if (!isHoldfastError(thrown)) return EXIT.bug
  if (thrown.code === "USAGE") return EXIT.usage
  if (interrupted && thrown.code === "OPERATION_CANCELLED") return EXIT.interrupted
  return thrown.exitCode
}

/** What failed, why, what to do, and where to read more; only a bug shows its stack and asks for a report. */
export function renderError(thrown: unknown): readonly string[] {
  if (!(thrown instanceof HoldfastError)) return renderBug(thrown)
  return [
    `error: ${thrown.message}`,
    ...field("why", thrown.why),
    ...field("do", thrown.hint),
    `  code: ${thrown.code} (docs/manual/errors.md#${thrown.code.toLowerCase()})`,
  ]
}

/** Further lines of a tool's own words stand under the first. */
function field(name: string, text: string | undefined): readonly string[] {
  if (text === undefined || text === "") return []
  const [first = "", ...more] = text.split("\n")
  const indent = " ".repeat(name.length + 4)
  return [`  ${name}: ${first}`, ...more.map((line) => `${indent}${line}`)]
}

function renderBug(thrown: unknown): readonly string[] {
  const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  return [
    "error: this is a bug in Holdfast",
    ...field("why", stack),
    "  do: Please report it with the lines above and what you ran. Whatever was interrupted is settled by the next command.",
    "  code: BUG (docs/manual/errors.md#bug)",
  ]
}

/** The same as a document, for `--json`. */
export function errorDocument(thrown: unknown, exitCode: number): OutputDocument {
  if (!(thrown instanceof HoldfastError)) {
    const what = "this is a bug in Holdfast"
    const why = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
    return document({ code: "BUG", what, why, hint: "Please report it with what you ran.", exitCode, retryable: false })
  }
  const { code, message: what, why, hint, retryable } = thrown
  return document({ code, what, why: why ?? null, hint, exitCode, retryable })
}

function document(error: {
  code: string
  what: string
  why: string | null
  hint: string
  exitCode: number
  retryable: boolean
}): OutputDocument {
  return { format: "holdfast.error", version: 1, error }
}
