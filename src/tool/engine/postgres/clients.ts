/** The PostgreSQL client programs of this machine, one set per major version. */
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import type { Processes } from "../../process/process.ts"
import { isHoldfastError } from "../../../base/errors.ts"

export interface ClientTools {
  readonly directory: string
  /** `15.18` */
  readonly version: string
  readonly major: number
}

/** Where packages put them, one directory per major version. */
const PACKAGED = "/usr/lib/postgresql"
const ELSEWHERE = ["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"]

/** All client sets that can be started, oldest first. */
export async function listClients(
  processes: Processes,
  directories: readonly string[] | null,
  signal: AbortSignal,
): Promise<readonly ClientTools[]> {
  const found: ClientTools[] = []
  for (const directory of directories ?? (await usualDirectories())) {
    const version = await versionOf(processes, directory, signal)
    if (version !== null) found.push({ directory, version, major: majorOf(version) })
  }
  return found.toSorted((left, right) => left.major - right.major)
}

/**
 * The set to use with a server: its own major version if there is one, else the next newer (an archive should be
 * readable by the oldest tool possible, and a newer `pg_restore` sets parameters that an older server does not know).
 */
export function fittingClient(clients: readonly ClientTools[], serverMajor: number): ClientTools | null {
  return clients.find((client) => client.major >= serverMajor) ?? null
}

export function majorOf(version: string): number {
  return Number.parseInt(version, 10)
}

async function usualDirectories(): Promise<readonly string[]> {
  const versions = await readdir(PACKAGED).catch(() => [])
  const packaged = versions.map((version) => join(PACKAGED, version, "bin"))
  return packaged.length > 0 ? packaged : ELSEWHERE
}

async function versionOf(processes: Processes, directory: string, signal: AbortSignal): Promise<string | null> {
  try {
    const result = await processes.run({ argv: [join(directory, "pg_dump"), "--version"], signal, timeoutMs: 10_000 })
    return result.exitCode === 0 ? parseToolVersion(result.stdout) : null
  } catch (thrown) {
    if (isHoldfastError(thrown, "TOOL_MISSING")) return null
    throw thrown
  }
}

/** `pg_dump (PostgreSQL) 15.18 (Debian …)` → `15.18` */
export function parseToolVersion(text: string): string | null {
  return /\(PostgreSQL\) (\d+[.\w]*)/.exec(text)?.[1] ?? null
}
