import { LIMITS } from "./policy.ts"
import { Refusal, quoted } from "./refusal.ts"

/** The head of a request as it came: names and values in turn, nothing folded together. */
export interface Head {
  readonly method: string
  readonly target: string
  readonly httpVersion: string
  readonly rawHeaders: readonly string[]
}

const LENGTH = /^(0|[1-9]\d{0,11})$/

/**
 * What two readers could understand differently is refused, and so is whatever a browser sends (F131). Returns the headers by
 * lower-case name. Throws a Refusal.
 */
export function readHeaders({ httpVersion, rawHeaders }: Head): ReadonlyMap<string, string> {
  if (httpVersion !== "1.1") throw new Refusal(`HTTP ${httpVersion} is not spoken here`, 400)
  if (rawHeaders.length / 2 > LIMITS.headers) throw new Refusal(`the request has more than ${LIMITS.headers} headers`, 431)
  const headers = new Map<string, string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? "").toLowerCase()
    if (headers.has(name)) throw new Refusal(`the header ${quoted(name)} is there twice`, 400)
    headers.set(name, rawHeaders[at + 1] ?? "")
  }
  checkFraming(headers)
  for (const name of ["origin", "referer", "sec-fetch-site"]) {
    if (headers.has(name)) throw new Refusal("browsers are not served")
  }
  return headers
}

function checkFraming(headers: ReadonlyMap<string, string>): void {
  const length = headers.get("content-length")
  const coding = headers.get("transfer-encoding")
  if (length !== undefined && coding !== undefined) throw new Refusal("Content-Length and Transfer-Encoding exclude each other", 400)
  if (length !== undefined && !LENGTH.test(length)) throw new Refusal("Content-Length is not a plain number", 400)
  if (coding !== undefined && coding !== "chunked") throw new Refusal(`the transfer encoding ${quoted(coding)} is not known`, 400)
  for (const name of ["content-encoding", "expect", "trailer", "te"]) {
    if (headers.has(name)) throw new Refusal(`the header ${quoted(name)} is not taken`, 400)
  }
}

const JSON_TYPE = /^application\/json(; ?charset=utf-8)?$/i

/** Throws a Refusal unless a body that is there is JSON in UTF-8. */
export function checkJsonType(headers: ReadonlyMap<string, string>): void {
  const type = headers.get("content-type")
  if (type === undefined || !JSON_TYPE.test(type)) throw new Refusal(`a body of type ${quoted(type ?? "none")} is not taken`, 415)
}
