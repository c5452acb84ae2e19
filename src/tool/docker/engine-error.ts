import { HoldfastError, messageOf, type ErrorCode } from "../../base/errors.ts"

const UNREACHABLE_CODES = new Set(["ECONNREFUSED", "ECONNRESET", "ENOENT", "EACCES", "EPIPE", "ENOTFOUND", "ETIMEDOUT", "EHOSTUNREACH"])
const UNREACHABLE_WORDS =
  /cannot connect to the docker daemon|error during connect|permission denied while trying to connect|is the docker daemon running/i

/** The engine's HTTP status of a failed API call, null when it never answered. */
export function statusOf(thrown: unknown): number | null {
  return thrown instanceof Error && "statusCode" in thrown && typeof thrown.statusCode === "number" ? thrown.statusCode : null
}

/** A failed API call as our error: unreachable engine or refused request. */
export function apiError(what: string, thrown: unknown): HoldfastError {
  if (thrown instanceof HoldfastError) return thrown
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : ""
  if (statusOf(thrown) === null && UNREACHABLE_CODES.has(code)) return unreachable(messageOf(thrown), thrown)
  return new HoldfastError("TOOL_FAILED", { what, why: messageOf(thrown), cause: thrown })
}

/** A failed call of the CLI as our error; `code` is used when the engine did answer. */
export function cliError(code: ErrorCode, what: string, stderrTail: string): HoldfastError {
  if (UNREACHABLE_WORDS.test(stderrTail)) return unreachable(stderrTail)
  return new HoldfastError(code, { what, why: stderrTail })
}

function unreachable(why: string, cause?: unknown): HoldfastError {
  return new HoldfastError("ENGINE_UNREACHABLE", { what: "the Docker engine does not answer", why, cause })
}
