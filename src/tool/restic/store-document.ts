import { mkdtemp, open, rm } from "node:fs/promises"
import { join } from "node:path"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { ItemTags, StoredItem, StoredSummary, VaultLocation } from "../../vault/ports.ts"
import { backupArguments, backupOutput, storedSummary, summaryIn, type BackupOutput } from "./backup-output.ts"
import { run, type ResticTools } from "./call.ts"

/** Stores a small text. restic reads it from a file that is complete before it starts, so that no death of ours can cut it. */
export async function storeDocument(
  tools: ResticTools,
  location: VaultLocation,
  tags: ItemTags,
  fileName: string,
  content: string,
  ctx: RunContext,
): Promise<StoredSummary> {
  const output = await write(tools, location, tags, fileName, content, ctx)
  return await storedSummary(tools, location, tags, output, ctx)
}

/** The same, and its text as the vault itself gives it back: that also proves all that `storedSummary` would. */
export async function storeDocumentAndReadBack(
  tools: ResticTools,
  location: VaultLocation,
  tags: ItemTags,
  fileName: string,
  content: string,
  ctx: RunContext,
): Promise<string> {
  const { snapshotId } = summaryIn(await write(tools, location, tags, fileName, content, ctx), location, tags)
  return await dumpText(tools, location, { storageId: snapshotId, tags }, fileName, ["--no-cache", "--no-lock"], ctx)
}

async function write(
  tools: ResticTools,
  location: VaultLocation,
  tags: ItemTags,
  fileName: string,
  content: string,
  ctx: RunContext,
): Promise<BackupOutput> {
  const directory = await mkdtemp(join(tools.scratchDirectory, "document-"))
  const file = await open(join(directory, "content"), "wx+", 0o600)
  try {
    await file.write(content, 0)
    const output = backupOutput({ ...ctx, progress: { ...ctx.progress, amount: () => undefined } })
    const attempt = { what: `cannot store ${tags.part}`, otherwise: "VAULT_WRITE_FAILED" } as const
    await run(tools, location, backupArguments(tags, "--stdin", `--stdin-filename=${fileName}`), attempt, ctx, {
      stdin: { fd: file.fd },
      stdout: { onLine: output.onLine },
      onStderrLine: output.onStderrLine,
    })
    return output
  } finally {
    await file.close()
    await rm(directory, { recursive: true, force: true })
  }
}

const MAX_DOCUMENT_BYTES = 256 * 1024 * 1024

/** Throws VAULT_READ_FAILED when the item holds no such document, VAULT_DAMAGED when its bytes are not those that were stored. */
export async function readDocument(
  tools: ResticTools,
  location: VaultLocation,
  item: StoredItem,
  fileName: string,
  ctx: RunContext,
): Promise<string> {
  return await dumpText(tools, location, item, fileName, [], ctx)
}

async function dumpText(
  tools: ResticTools,
  location: VaultLocation,
  item: Pick<StoredItem, "storageId" | "tags">,
  fileName: string,
  how: readonly string[],
  ctx: RunContext,
): Promise<string> {
  const attempt = { what: `cannot read ${item.tags.part}`, otherwise: "VAULT_READ_FAILED" } as const
  const extras = { maxOutputBytes: MAX_DOCUMENT_BYTES }
  const { stdout } = await run(tools, location, ["dump", ...how, item.storageId, `/${fileName}`], attempt, ctx, extras)
  if (stdout === "") throw new HoldfastError("VAULT_DAMAGED", { what: `${item.tags.part} in vault ${location.name} is empty` })
  return stdout
}
