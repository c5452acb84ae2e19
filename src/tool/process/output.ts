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
const MAX_LINE_BYTES = 8 * 1024 * 1024

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

/** Hands over each line, keeps nothing. A line over 8 MiB counts as overflow. */
export function lineReader(onLine: (line: string) => void): OutputReader {
  const decoder = new StringDecoder("utf8")
  let rest = ""
  let overflow = false
  return {
    push: (chunk) => {
      const lines = (rest + decoder.write(Buffer.from(chunk))).split("\n")
      rest = lines.pop() ?? ""
      if (rest.length > MAX_LINE_BYTES) {
        overflow = true
        rest = ""
      }
      for (const line of lines) onLine(line)
    },
    finish: () => {
      rest += decoder.end()
      if (rest !== "") onLine(rest)
      rest = ""
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
