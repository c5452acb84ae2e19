/** Turns what a server or a client program said into our errors. */
import { HoldfastError, isHoldfastError, messageOf, type ErrorCode } from "../../../base/errors.ts"

const CODE_BY_SQLSTATE: Readonly<Record<string, ErrorCode>> = {
  "28P01": "DATABASE_AUTH_FAILED",
  "28000": "DATABASE_AUTH_FAILED",
  "3D000": "DATABASE_MISSING",
  "42501": "DATABASE_RIGHTS_MISSING",
  "55P03": "DATABASE_LOCKED",
  "55006": "DATABASE_IN_USE",
  ECONNREFUSED: "DATABASE_UNREACHABLE",
}

const HINT_BY_SQLSTATE: Readonly<Record<string, string>> = {
  "53300": "Every connection of the server is taken (max_connections). End idle sessions or raise it, then run the command again.",
  "57P03": "The server is starting, stopping or recovering. Wait until it takes connections; if it never does, read its log.",
}

/** A failure that `psql` reported, in the shape that `pg` uses. */
export class SqlError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = "SqlError"
    this.code = code
  }
}

/** SQLSTATE of a server's error, or the system's own code (`ECONNREFUSED`); null for anything else. */
export function sqlStateOf(thrown: unknown): string | null {
  const inner = isHoldfastError(thrown) ? thrown.cause : thrown
  return inner instanceof Error && "code" in inner && typeof inner.code === "string" ? inner.code : null
}

/** An error for a failed connection; anything unknown is DATABASE_UNREACHABLE. */
export function connectError(thrown: unknown, where: string): HoldfastError {
  if (isHoldfastError(thrown)) return thrown
  const why = messageOf(thrown)
  const wantsPassword = /password must be a string|no password supplied/.test(why)
  const code = wantsPassword ? "DATABASE_AUTH_FAILED" : (CODE_BY_SQLSTATE[sqlStateOf(thrown) ?? ""] ?? "DATABASE_UNREACHABLE")
  const hint = HINT_BY_SQLSTATE[sqlStateOf(thrown) ?? ""]
  return new HoldfastError(code, { what: `cannot connect to ${where}`, why, ...(hint === undefined ? {} : { hint }), cause: thrown })
}

/** An error for a failed statement; anything unknown is `otherwise`. */
export function statementError(thrown: unknown, what: string, otherwise: ErrorCode): HoldfastError {
  if (isHoldfastError(thrown) && sqlStateOf(thrown) === null) return thrown
  const code = CODE_BY_SQLSTATE[sqlStateOf(thrown) ?? ""] ?? otherwise
  const why = isHoldfastError(thrown) ? (thrown.why ?? thrown.message) : messageOf(thrown)
  return new HoldfastError(code, { what, why, cause: isHoldfastError(thrown) ? thrown.cause : thrown })
}

const DUMP_FAILURES: readonly (readonly [RegExp, ErrorCode])[] = [
  [/permission denied|row-level security/i, "DATABASE_RIGHTS_MISSING"],
  [/server version mismatch/, "DATABASE_CLIENT_TOO_OLD"],
  [/password authentication failed|no password supplied/, "DATABASE_AUTH_FAILED"],
  [/does not exist/, "DATABASE_CHANGED_DURING_CAPTURE"],
  [/due to (?:lock|statement) timeout|could not obtain lock/, "DATABASE_LOCKED"],
]

const RESTORE_FAILURES: readonly (readonly [RegExp, ErrorCode])[] = [
  [/did not find magic string|appears to be a text format dump/, "DUMP_FORMAT_UNKNOWN"],
  [/unsupported version \(/, "DATABASE_CLIENT_TOO_OLD"],
  [/end of file|file is too short|unexpected end/i, "DUMP_TRUNCATED"],
  [
    /corrupt|unexpected section code|unrecognized data block|invalid (?:entry|ID|dump)|bogus|unexpected block ID|sanity check|could not find block ID|found unexpected|uncompress|no data offset/i,
    "DUMP_DAMAGED",
  ],
]

export interface ToolEnding {
  readonly exitCode: number | null
  readonly signal?: string | null
  readonly stderrTail: string
}

/** The error of a `pg_dump` that did not exit 0. */
export function dumpError(ending: ToolEnding): HoldfastError {
  return toolError(ending, DUMP_FAILURES, "DATABASE_DUMP_FAILED", "pg_dump did not finish")
}

/** The error of a `pg_restore` that did not exit 0. `otherwise` is the code for what is not the archive's own fault. */
export function restoreError(ending: ToolEnding, otherwise: ErrorCode, what: string): HoldfastError {
  return toolError(ending, RESTORE_FAILURES, otherwise, what)
}

function toolError(
  ending: ToolEnding,
  table: readonly (readonly [RegExp, ErrorCode])[],
  otherwise: ErrorCode,
  what: string,
): HoldfastError {
  const words = ending.stderrTail
  const code = table.find(([pattern]) => pattern.test(words))?.[1] ?? otherwise
  const how = ending.exitCode === null ? `it died from ${ending.signal ?? "a signal"}` : `it ended with exit code ${ending.exitCode}`
  return new HoldfastError(code, { what, why: words === "" ? how : `${how}: ${words}` })
}
