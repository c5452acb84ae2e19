import { readdir, stat } from "node:fs/promises"
import { isAbsolute, join } from "node:path"
import { z } from "zod"
import type { RunContext } from "../../base/run-context.ts"
import type { VaultLocation } from "../../vault/ports.ts"
import { run, type ResticTools } from "./call.ts"
import { failureOf } from "./failure.ts"
import { jsonLine } from "./messages.ts"

const statsSchema = z.object({ total_size: z.number() })

/** Bytes that the vault takes: the directory's own for a path, what restic counts for anything else. */
export async function storedBytes(tools: ResticTools, location: VaultLocation, ctx: RunContext): Promise<number> {
  if (isAbsolute(location.url)) return await directoryBytes(location.url)
  const attempt = { what: "cannot measure the vault", otherwise: "VAULT_READ_FAILED" } as const
  const { stdout } = await run(tools, location, ["stats", "--mode=raw-data"], attempt, ctx)
  const parsed = statsSchema.safeParse(jsonLine(stdout))
  if (!parsed.success) throw failureOf({ exitCode: 0, signal: null, stderrTail: stdout }, location, attempt)
  return parsed.data.total_size
}

async function directoryBytes(path: string): Promise<number> {
  let total = 0
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) total += (await stat(join(entry.parentPath, entry.name))).size
  }
  return total
}
