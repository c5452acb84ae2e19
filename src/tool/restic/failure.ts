import { HoldfastError, type ErrorCode } from "../../base/errors.ts"
import { Secret } from "../../base/secret.ts"
import type { VaultLocation } from "../../vault/ports.ts"
import { exitErrorSchema, itemErrorSchema, jsonLine } from "./messages.ts"

/** How a call of restic ended, as far as its failure is concerned. */
export interface Ended {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly stderrTail: string
}

export interface Attempt {
  /** `cannot store files:uploads`; the vault's name is added. */
  readonly what: string
  /** For an ending that nothing more precise is known about. */
  readonly otherwise: ErrorCode
  /** Whose disk is full when one is. */
  readonly full?: ErrorCode
}

/** restic's own meaning of its exit codes; any other is judged by its words. */
const BY_EXIT_CODE: Readonly<Record<number, ErrorCode>> = { 10: "VAULT_ABSENT", 11: "VAULT_LOCKED", 12: "VAULT_WRONG_KEY" }

const BY_WORDS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/resolving password failed|password file/i, "VAULT_KEY_MISSING"],
  [/no space left on device|disk quota exceeded|insufficient storage|507 /i, "VAULT_FULL"],
  [/ciphertext verification failed|invalid data returned|data seems to have changed|hash mismatch|does not match/i, "VAULT_DAMAGED"],
  [
    /ReadFull\(|not found in index|unable to load (index|tree)|failed to load (index|tree)|file too short|pack .*(damaged|truncated)/i,
    "VAULT_DAMAGED",
  ],
  [/Load\(<(data|index|snapshot)\/.*(no such file|does not exist|404|not exist)/i, "VAULT_DAMAGED"],
  [/connection (refused|reset)|no such host|i\/o timeout|(network is|host is) unreachable|no route to host|dial tcp/i, "VAULT_UNREACHABLE"],
  [/tls: |x509: |\(401\)|401 Unauthorized|\(403\)|403 Forbidden|\(5\d\d\)|name resolution/i, "VAULT_UNREACHABLE"],
  [/host key verification failed|permission denied \(|sftp session|ssh command exited|ssh: |connection closed/i, "VAULT_UNREACHABLE"],
]

/** Turns a failed call into our error: the code by exit code, then by restic's words; its last words as the reason. */
export function failureOf(ended: Ended, location: VaultLocation, attempt: Attempt): HoldfastError {
  const code = codeOf(ended, attempt)
  const why = redact(reasonOf(ended), location)
  return new HoldfastError(code, { what: `${attempt.what} (vault ${location.name})`, why })
}

function codeOf(ended: Ended, attempt: Attempt): ErrorCode {
  const byExit = ended.exitCode === null ? undefined : BY_EXIT_CODE[ended.exitCode]
  if (byExit !== undefined) return byExit
  const [, code] = BY_WORDS.find(([words]) => words.test(ended.stderrTail)) ?? [null, attempt.otherwise]
  return code === "VAULT_FULL" ? (attempt.full ?? code) : code
}

/** The reason stands at the end. */
function reasonOf(ended: Ended): string {
  const lines = ended.stderrTail.split("\n").map((line) => plainWords(line).trim())
  const tail = lines
    .filter((line) => line !== "")
    .slice(-4)
    .join("\n")
  if (ended.signal !== null) return `restic was ended by ${ended.signal}${tail === "" ? "" : `\n${tail}`}`
  return tail === "" ? `restic ended with exit code ${ended.exitCode ?? "unknown"} and said nothing` : tail
}

function plainWords(line: string): string {
  const value = jsonLine(line)
  const exit = exitErrorSchema.safeParse(value)
  if (exit.success) return exit.data.message
  const item = itemErrorSchema.safeParse(value)
  return item.success ? `${item.data.item}: ${item.data.error.message}` : line
}

/** Removes the very values that are secret, wherever they stand. */
export function redact(text: string, location: VaultLocation): string {
  const values = Object.values(location.environment).flatMap((value) => (value instanceof Secret ? [value.reveal()] : []))
  const password = /^[a-z0-9]+:(?:[a-z]+:\/\/)?[^/@:]*:([^@/]+)@/i.exec(location.url)?.[1]
  return [...values, ...(password === undefined ? [] : [password])]
    .filter((value) => value !== "")
    .reduce((shown, value) => shown.replaceAll(value, "[secret]"), text)
}
