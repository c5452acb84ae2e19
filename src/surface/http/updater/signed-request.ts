import { createHash, createHmac, timingSafeEqual } from "node:crypto"

/** How far the clock of whoever signs may be from ours, in both directions. */
export const WINDOW_MS = 300_000
/** Shorter ones could be guessed. */
export const SHORTEST_TOKEN = 16

export interface SignedRequest {
  readonly method: string
  /** As it came, with the query: `/api/v1/updater/chat/status?x=1`. */
  readonly target: string
  readonly body: Uint8Array
  readonly headers: Headers
}

export interface Stamp {
  readonly atMs: number
  readonly nonce: string
}

/** Why a request is not let in: for the audit log, never for whoever sent it. */
export type Fault = "headers" | "signature" | "timestamp"

const TIMESTAMP = /^[1-9]\d{8,11}$/
const NONCE = /^[\w-]{16,128}$/
const SIGNATURE = /^[0-9a-f]{64}$/
/** Where there is no token, the same work is done with this, so that the time taken tells nothing. */
const NO_TOKEN = "there is no token here"

/** What is signed: one line each, joined by line feeds and without one at the end. */
export function signedText(method: string, target: string, timestamp: string, nonce: string, body: Uint8Array): string {
  return [method.toUpperCase(), target, timestamp, nonce, createHash("sha256").update(body).digest("hex")].join("\n")
}

/** HMAC-SHA256 in hexadecimal digits. */
export function signatureOf(token: string, text: string): string {
  return createHmac("sha256", token).update(text).digest("hex")
}

/**
 * The stamp of a request that was signed with the token and is of now; whether it came before is not decided here.
 * @param token null where the app has none: then nothing fits
 */
export function readSigned(request: SignedRequest, token: string | null, nowMs: number): Stamp | Fault {
  const { method, target, body, headers } = request
  const timestamp = headers.get("x-holdfast-timestamp") ?? ""
  const nonce = headers.get("x-holdfast-nonce") ?? ""
  const given = headers.get("x-holdfast-signature") ?? ""
  const usable = token !== null && token.length >= SHORTEST_TOKEN
  const expected = signatureOf(usable ? token : NO_TOKEN, signedText(method, target, timestamp, nonce, body))
  const wellFormed = TIMESTAMP.test(timestamp) && NONCE.test(nonce) && SIGNATURE.test(given)
  const fits = isSame(wellFormed ? given : "0".repeat(expected.length), expected)
  if (!wellFormed) return "headers"
  if (!usable || !fits) return "signature"
  const atMs = Number(timestamp) * 1000
  return Math.abs(nowMs - atMs) > WINDOW_MS ? "timestamp" : { atMs, nonce }
}

function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(Buffer.from(given, "latin1"), Buffer.from(expected, "latin1"))
}
