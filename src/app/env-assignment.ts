import { isDeepStrictEqual } from "node:util"
import { parseEnvFile } from "./env-file.ts"

const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*(?:([=:])([ \t]*))?/
const BYTE_ORDER_MARK = "\uFEFF"

/** Where the value of an assignment stands, without its quotes. */
interface ValuePlace {
  readonly start: number
  readonly end: number
}

/**
 * The text of an `.env` file with another value for one key, in its last assignment, which is the one that counts. Every other byte
 * stays, quotes and comments too. Null where the key is assigned nowhere, or where the value cannot stand at that place.
 */
export function withEnvValue(text: string, key: string, value: string): string | null {
  const place = lastValueOf(text, key)
  if (place === null) return null
  const edited = text.slice(0, place.start) + value + text.slice(place.end)
  const [before, after] = [parseEnvFile(text, null), parseEnvFile(edited, null)]
  const wanted = new Map(before.values).set(key, value)
  const same = isDeepStrictEqual(after.values, wanted) && isDeepStrictEqual(after.duplicates, before.duplicates)
  return same ? edited : null
}

function lastValueOf(text: string, key: string): ValuePlace | null {
  let found: ValuePlace | null = null
  let at = text.startsWith(BYTE_ORDER_MARK) ? 1 : 0
  while (at < text.length) {
    const assignment = ASSIGNMENT.exec(text.slice(at))
    if (assignment === null || assignment[2] === undefined) {
      at = nextLine(text, at)
      continue
    }
    // With nothing behind the sign, the value belongs directly behind it: a comment needs the space before it.
    const sign = at + assignment[0].length - (assignment[3] ?? "").length
    const place = valueAt(text, at + assignment[0].length, sign)
    if (assignment[1] === key) found = place
    at = nextLine(text, place.end)
  }
  return found
}

function valueAt(text: string, at: number, sign: number): ValuePlace {
  const quoted = /^(?:'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*")/.exec(text.slice(at))
  if (quoted !== null) return { start: at + 1, end: at + quoted[0].length - 1 }
  const line = /^[^\r\n]*/.exec(text.slice(at))?.[0] ?? ""
  const bare = line.replace(/(?:^|[ \t]+)#.*$/, "").trimEnd()
  return bare === "" ? { start: sign, end: sign } : { start: at, end: at + bare.length }
}

function nextLine(text: string, at: number): number {
  const end = text.indexOf("\n", at)
  return end < 0 ? text.length : end + 1
}
