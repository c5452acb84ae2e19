import { catalog } from "../../base/error-catalog.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { Json } from "../../base/canonical-json.ts"
import type { ApiError } from "../../contract/api/shapes.ts"
import type { Log } from "../../base/run-context.ts"

/** What a browser may see of an error; of a bug nothing but that it is one. */
export function errorAnswer(thrown: unknown, log: Log): Response {
  const document = errorDocument(thrown)
  const { status } = document.error
  if (document.error.code === "BUG") {
    log.error("a request ended in a bug", { why: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) })
  }
  const wait = document.error.details["retryAfterSeconds"]
  return Response.json(document, { status, headers: typeof wait === "number" ? { "retry-after": String(wait) } : {} })
}

export function errorDocument(thrown: unknown): ApiError {
  if (!(thrown instanceof HoldfastError)) {
    const error = {
      code: "BUG",
      what: "this is a bug in Holdfast",
      why: null,
      hint: "Please report it with the lines that the service has logged.",
      exitCode: 1,
      retryable: false,
      status: 500,
      details: {},
    }
    return { format: "holdfast.error", version: 1, error }
  }
  const { code, message: what, why, hint, exitCode, retryable } = thrown
  // 499 is nginx's word for a client that went away; a browser knows 409.
  const { httpStatus } = catalog[code]
  const status = httpStatus === 499 ? 409 : httpStatus
  return {
    format: "holdfast.error",
    version: 1,
    error: { code, what, why: why ?? null, hint, exitCode, retryable, status, details: shown(thrown) },
  }
}

/** Only details that are meant for whoever asked. */
const SHOWN = new Set(["retryAfterSeconds", "digest", "difference", "operationId"])

function shown({ details }: HoldfastError): Record<string, Json> {
  const found = Object.entries(details).filter((entry): entry is [string, string | number | string[]] => {
    const [name, value] = entry
    return SHOWN.has(name) && (typeof value === "string" || typeof value === "number" || isTexts(value))
  })
  return Object.fromEntries(found)
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string")
}
