/** Paths as the kernel has them: bytes. A name need not be UTF-8, and is never changed on the way (F75). */
export type TreePath = Buffer

const SLASH = Buffer.from("/")

export function joined(directory: TreePath, name: Buffer): TreePath {
  return Buffer.concat([directory, SLASH, name])
}

/** A name or path for people: what could mislead a terminal or a reader is escaped (control and bidi characters, invalid UTF-8). */
export function shown(path: Buffer): string {
  let text = ""
  for (let at = 0; at < path.length;) {
    const length = sequenceLength(path, at)
    const piece = path.subarray(at, at + length)
    text += length === 0 ? hex(path.subarray(at, at + 1)) : safe(piece)
    at += Math.max(length, 1)
  }
  return text
}

const MISLEADING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\]/u

function safe(piece: Buffer): string {
  const character = piece.toString("utf8")
  if (character === "\\") return "\\\\"
  return MISLEADING.test(character) ? hex(piece) : character
}

function hex(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")
}

/** Bytes of the UTF-8 character at `at`; 0 when there is none. */
function sequenceLength(path: Buffer, at: number): number {
  const first = path[at] ?? 0
  if (first < 0x80) return 1
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  const piece = path.subarray(at, at + length)
  return piece.length === length && Buffer.from(piece.toString("utf8"), "utf8").equals(piece) ? length : 0
}
