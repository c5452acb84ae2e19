import type { RunContext } from "../../base/run-context.ts"
import type { ItemTags, StoredSummary, VaultLocation } from "../../vault/ports.ts"
import { run, type ResticTools } from "./call.ts"
import { failureOf } from "./failure.ts"
import { itemErrorSchema, jsonLine, parseSnapshot, statusSchema, summarySchema } from "./messages.ts"
import { tagArguments } from "./tags.ts"

export interface ItemError {
  readonly path: string
  readonly message: string
}

/** Reads what `backup --json` prints while it runs. */
export interface BackupOutput {
  onLine(line: string): void
  onStderrLine(line: string): void
  summary(): { snapshotId: string; sizeBytes: number; storedBytes: number; files: number } | null
  errors(): readonly ItemError[]
}

const MAX_ERRORS = 1000

export function backupOutput(ctx: RunContext): BackupOutput {
  let summary: ReturnType<BackupOutput["summary"]> = null
  const errors: ItemError[] = []
  return {
    onLine: (line) => {
      const value = jsonLine(line)
      reportStatus(value, ctx)
      const parsed = summarySchema.safeParse(value)
      if (parsed.success) summary = summaryOf(parsed.data)
    },
    onStderrLine: (line) => {
      const parsed = itemErrorSchema.safeParse(jsonLine(line))
      if (parsed.success && errors.length < MAX_ERRORS) errors.push({ path: parsed.data.item, message: parsed.data.error.message })
    },
    summary: () => summary,
    errors: () => errors,
  }
}

function summaryOf(printed: ReturnType<typeof summarySchema.parse>): ReturnType<BackupOutput["summary"]> {
  return {
    snapshotId: printed.snapshot_id,
    sizeBytes: printed.total_bytes_processed,
    storedBytes: printed.data_added_packed ?? printed.data_added,
    files: printed.total_files_processed,
  }
}

function reportStatus(value: unknown, ctx: RunContext): void {
  const parsed = statusSchema.safeParse(value)
  if (!parsed.success) return
  const { bytes_done, total_bytes, files_done, total_files } = parsed.data
  ctx.progress.amount({
    ...(bytes_done === undefined ? {} : { bytesDone: bytes_done }),
    ...(total_bytes === undefined ? {} : { bytesTotal: total_bytes }),
    ...(files_done === undefined ? {} : { filesDone: files_done }),
    ...(total_files === undefined ? {} : { filesTotal: total_files }),
  })
}

export function backupArguments(tags: ItemTags, ...args: readonly string[]): string[] {
  return ["backup", "--host=holdfast", ...tagArguments(tags), ...args]
}

/** The stored item, its tree id read back from the vault itself and not from the cache. */
export async function storedSummary(
  tools: ResticTools,
  location: VaultLocation,
  tags: ItemTags,
  output: BackupOutput,
  ctx: RunContext,
): Promise<StoredSummary> {
  const attempt = { what: `cannot read back ${tags.part}`, otherwise: "VAULT_WRITE_FAILED" } as const
  const summary = summaryIn(output, location, tags)
  const shown = await run(tools, location, ["cat", "snapshot", summary.snapshotId, "--no-cache", "--no-lock"], attempt, ctx)
  const snapshot = parseSnapshot(shown.stdout)
  if (snapshot === null) {
    throw failureOf({ exitCode: 0, signal: null, stderrTail: "restic printed something else than a snapshot" }, location, attempt)
  }
  const { snapshotId, ...sizes } = summary
  return { storageId: snapshotId, tags, ...snapshot, ...sizes }
}

/** Throws VAULT_WRITE_FAILED when restic ended without saying what it has stored. */
export function summaryIn(output: BackupOutput, location: VaultLocation, tags: ItemTags): NonNullable<ReturnType<BackupOutput["summary"]>> {
  const summary = output.summary()
  if (summary !== null) return summary
  const silent = { exitCode: 0, signal: null, stderrTail: "restic ended without a summary" }
  throw failureOf(silent, location, { what: `cannot read back ${tags.part}`, otherwise: "VAULT_WRITE_FAILED" })
}
