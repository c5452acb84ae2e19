import { catalog, type ErrorCode } from "./error-catalog.ts"

export type { ErrorCode } from "./error-catalog.ts"

export interface ErrorParts {
  /** What failed: lower case, no final stop. */
  what: string
  /** Why, as far as it is known: the tail of a tool's own words, a measured value. */
  why?: string
  /** A full sentence on what to do; the catalog's own when left out. */
  hint?: string
  cause?: unknown
  details?: Readonly<Record<string, unknown>>
}

/** The one error type for everything a person can act on. Anything else that is thrown is a bug in Holdfast. */
export class HoldfastError extends Error {
  readonly code: ErrorCode
  readonly why: string | undefined
  readonly hint: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, parts: ErrorParts) {
    super(parts.what, parts.cause === undefined ? undefined : { cause: parts.cause })
    this.name = "HoldfastError"
    this.code = code
    this.why = parts.why
    this.hint = parts.hint ?? catalog[code].hint
    this.details = parts.details ?? {}
  }

  get exitCode(): number {
    return catalog[this.code].exitCode
  }

  get retryable(): boolean {
    return catalog[this.code].retryable
  }
}

/** Whether a thrown value is a HoldfastError, of this code when one is given. */
export function isHoldfastError(value: unknown, code?: ErrorCode): value is HoldfastError {
  return value instanceof HoldfastError && (code === undefined || value.code === code)
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
