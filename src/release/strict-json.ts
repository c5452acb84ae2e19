/**
 * JSON for documents that decide what is installed: what two readers could understand differently is refused (F119, F124). Objects with
 * a key twice, numbers other than plain safe integers, lone surrogates, control characters, a byte order mark and anything after the
 * document are errors; so is whatever is larger or deeper than a release can be.
 */
import type { Json } from "../base/canonical-json.ts"

export const MAX_BYTES = 256 * 1024
export const MAX_DEPTH = 12

/** Names that mean something to JavaScript itself. */
const REFUSED_KEYS: readonly string[] = ["__proto__", "constructor", "prototype"]
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
}
const LITERALS: readonly (readonly [word: string, value: Json])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
]

export type StrictReading = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly why: string }

/** Reads a whole document; never throws. */
export function readStrictJson(bytes: Uint8Array): StrictReading {
  try {
    return { ok: true, value: readDocument(textOf(bytes)) }
  } catch (thrown) {
    if (thrown instanceof Refusal) return { ok: false, why: thrown.message }
    throw thrown
  }
}

class Refusal extends Error {}

/** Where the reader is. The only state of it. */
interface Cursor {
  readonly text: string
  at: number
}

function textOf(bytes: Uint8Array): string {
  if (bytes.byteLength > MAX_BYTES) throw new Refusal(`it has ${bytes.byteLength} bytes; ${MAX_BYTES} are allowed`)
  const text = decoded(bytes)
  if (text.startsWith("\uFEFF")) throw new Refusal("it begins with a byte order mark")
  return text
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Refusal("it is not valid UTF-8")
  }
}

function readDocument(text: string): Json {
  const cursor: Cursor = { text, at: 0 }
  const value = readValue(cursor, 0)
  skipSpace(cursor)
  if (cursor.at < text.length) throw refusal(cursor, "there is something after the document")
  return value
}

function readValue(cursor: Cursor, depth: number): Json {
  skipSpace(cursor)
  const next = cursor.text.charAt(cursor.at)
  if (next === "{") return readObject(cursor, nested(cursor, depth))
  if (next === "[") return readArray(cursor, nested(cursor, depth))
  if (next === '"') return readString(cursor)
  if (next === "-" || isDigit(next)) return readInteger(cursor)
  for (const [word, value] of LITERALS) if (take(cursor, word)) return value
  throw refusal(cursor, next === "" ? "it ends too early" : "there is no value")
}

function nested(cursor: Cursor, depth: number): number {
  if (depth >= MAX_DEPTH) throw refusal(cursor, `it is nested deeper than ${MAX_DEPTH}`)
  return depth + 1
}

function readObject(cursor: Cursor, depth: number): Json {
  cursor.at += 1
  const members = new Map<string, Json>()
  skipSpace(cursor)
  if (take(cursor, "}")) return {}
  do {
    skipSpace(cursor)
    const key = readKey(cursor, members)
    skipSpace(cursor)
    if (!take(cursor, ":")) throw refusal(cursor, "a colon is missing")
    members.set(key, readValue(cursor, depth))
    skipSpace(cursor)
  } while (take(cursor, ","))
  if (!take(cursor, "}")) throw refusal(cursor, "an object is not closed")
  return Object.fromEntries(members)
}

function readKey(cursor: Cursor, members: ReadonlyMap<string, Json>): string {
  if (cursor.text.charAt(cursor.at) !== '"') throw refusal(cursor, "a key is missing")
  const key = readString(cursor)
  if (REFUSED_KEYS.includes(key)) throw refusal(cursor, `the key ${JSON.stringify(key)} is not allowed`)
  if (members.has(key)) throw refusal(cursor, `the key ${JSON.stringify(key)} is there twice`)
  return key
}

function readArray(cursor: Cursor, depth: number): Json {
  cursor.at += 1
  const items: Json[] = []
  skipSpace(cursor)
  if (take(cursor, "]")) return items
  do {
    items.push(readValue(cursor, depth))
    skipSpace(cursor)
  } while (take(cursor, ","))
  if (!take(cursor, "]")) throw refusal(cursor, "a list is not closed")
  return items
}

function readInteger(cursor: Cursor): number {
  const word = /[-+.\w]+/y
  word.lastIndex = cursor.at
  const text = word.exec(cursor.text)?.[0] ?? ""
  const value = Number(text)
  if (!/^(0|-?[1-9][0-9]*)$/.test(text) || !Number.isSafeInteger(value)) {
    throw refusal(cursor, `${text.slice(0, 40)} is not a plain whole number`)
  }
  cursor.at += text.length
  return value
}

function readString(cursor: Cursor): string {
  cursor.at += 1
  let result = ""
  for (;;) {
    const next = cursor.text.charAt(cursor.at)
    if (next === "") throw refusal(cursor, "a text is not closed")
    if (next < " ") throw refusal(cursor, "a text holds a control character")
    cursor.at += 1
    if (next === '"') break
    result += next === "\\" ? readEscape(cursor) : next
  }
  if (!result.isWellFormed()) throw refusal(cursor, "a text holds half a character")
  if (result.includes("\0")) throw refusal(cursor, "a text holds a NUL")
  return result
}

function readEscape(cursor: Cursor): string {
  const kind = cursor.text.charAt(cursor.at)
  cursor.at += 1
  const plain = ESCAPES[kind]
  if (plain !== undefined) return plain
  const digits = cursor.text.slice(cursor.at, cursor.at + 4)
  if (kind !== "u" || !/[0-9a-fA-F]{4}/.test(digits)) throw refusal(cursor, "an escape is not known")
  cursor.at += 4
  return String.fromCharCode(Number.parseInt(digits, 16))
}

function skipSpace(cursor: Cursor): void {
  while (" \t\r\n".includes(cursor.text.charAt(cursor.at)) && cursor.at < cursor.text.length) cursor.at += 1
}

function take(cursor: Cursor, word: string): boolean {
  if (!cursor.text.startsWith(word, cursor.at)) return false
  cursor.at += word.length
  return true
}

function isDigit(text: string): boolean {
  return text >= "0" && text <= "9"
}

function refusal(cursor: Cursor, why: string): Refusal {
  return new Refusal(`${why} (at character ${cursor.at + 1})`)
}
