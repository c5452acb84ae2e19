import { StringDecoder } from "node:string_decoder"

/** Takes a child's output piece by piece. */
export interface OutputReader {
  push(chunk: Uint8Array): void
  finish(): void
  text(): string
  /** Set once the output is over its limit. */
  overflowed(): boolean
}

const TAIL_BYTES = 64 * 1024
const MAX_LINE_LENGTH = 8 * 1024 * 1024

/** Keeps everything, up to a limit. */
export function textReader(maxBytes: number): OutputReader {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  return {
    push: (chunk) => {
      sizeBytes += chunk.length
      if (sizeBytes <= maxBytes) chunks.push(chunk)
    },
    finish: () => undefined,
    text: () => Buffer.concat(chunks).toString("utf8"),
    overflowed: () => sizeBytes > maxBytes,
  }
}

/** Hands over each line, keeps nothing. A line over 8 MiB counts as overflow and is handed over neither whole nor in part. */
export function lineReader(onLine: (line: string) => void): OutputReader {
  const decoder = new StringDecoder("utf8")
  let rest = ""
  let overflow = false
  let tooLong = false
  const take = (text: string): void => {
    if (tooLong) return
    rest += text
    if (rest.length <= MAX_LINE_LENGTH) return
    overflow = true
    tooLong = true
    rest = ""
  }
  const endLine = (): void => {
    if (!tooLong) onLine(rest)
    tooLong = false
    rest = ""
  }
  return {
    push: (chunk) => {
      const [first = "", ...others] = decoder.write(Buffer.from(chunk)).split("\n")
      take(first)
      for (const text of others) {
        endLine()
        take(text)
      }
    },
    finish: () => {
      take(decoder.end())
      if (rest !== "") endLine()
    },
    text: () => "",
    overflowed: () => overflow,
  }
}

/** Keeps the last 64 KiB, because the reason stands at the end; memory stays bounded however much is written. */
export function tailReader(onLine?: (line: string) => void): OutputReader {
  const lines = onLine ? lineReader(onLine) : null
  let tail = Buffer.alloc(0)
  return {
    push: (chunk) => {
      lines?.push(chunk)
      tail = Buffer.concat([tail, chunk])
      if (tail.length > TAIL_BYTES) tail = tail.subarray(tail.length - TAIL_BYTES)
    },
    finish: () => lines?.finish(),
    text: () => tail.toString("utf8").trimEnd(),
    overflowed: () => false,
  }
}
