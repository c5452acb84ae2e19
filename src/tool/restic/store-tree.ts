import { lstat } from "node:fs/promises"
import { isAbsolute, join } from "node:path"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { ItemTags, StoredSummary, TreeSource, VaultLocation } from "../../vault/ports.ts"
import { backupArguments, backupOutput, storedSummary, type ItemError } from "./backup-output.ts"
import { requestOf, type ResticTools } from "./call.ts"
import { EMPTY_MARKER } from "./empty-marker.ts"
import { failureOf } from "./failure.ts"
import { storeDocument } from "./store-document.ts"

const NAMED_AT_MOST = 10
const NOTHING_TO_STORE = /snapshot is empty/

/**
 * Saves a directory from inside as `.`. Throws SOURCE_MISSING when it is not there (restic would exit 0), SOURCE_UNREADABLE
 * with the names when something in it cannot be read. What vanished while it was read is reported as a warning.
 */
export async function storeTree(
  tools: ResticTools,
  location: VaultLocation,
  tags: ItemTags,
  source: TreeSource,
  ctx: RunContext,
): Promise<StoredSummary> {
  await tools.checked(ctx)
  await requireDirectory(source.root)
  const output = backupOutput(ctx)
  const parent = source.parent === null ? "--force" : `--parent=${source.parent.storageId}`
  const exclude = source.exclude.map((pattern) => `--exclude=${rooted(pattern, source.root)}`)
  const ended = await tools.processes.run(
    requestOf(tools, location, backupArguments(tags, parent, ...exclude, "--", "."), ctx, {
      cwd: source.root,
      stdout: { onLine: output.onLine },
      onStderrLine: output.onStderrLine,
    }),
  )
  if (ended.exitCode !== 0 && NOTHING_TO_STORE.test(ended.stderrTail)) return await storeEmptyTree(tools, location, tags, ctx)
  if (ended.exitCode === 3 && output.errors().length > 0) await refuseUnreadable(source, output.errors(), ctx)
  else if (ended.exitCode !== 0) throw failureOf(ended, location, { what: `cannot store ${tags.part}`, otherwise: "VAULT_WRITE_FAILED" })
  return await storedSummary(tools, location, tags, output, ctx)
}

/** restic refuses a tree without entries; an empty directory is a state like any other, so a marker stands for it. */
async function storeEmptyTree(tools: ResticTools, location: VaultLocation, tags: ItemTags, ctx: RunContext): Promise<StoredSummary> {
  const stored = await storeDocument(tools, location, tags, EMPTY_MARKER, "this directory was empty\n", ctx)
  return { ...stored, sizeBytes: 0, files: 0 }
}

async function requireDirectory(root: string): Promise<void> {
  const found = await lstat(root).catch((cause: unknown) => {
    throw new HoldfastError("SOURCE_MISSING", { what: `${root} is not there`, cause })
  })
  if (!found.isDirectory()) throw new HoldfastError("SOURCE_MISSING", { what: `${root} is not a directory` })
}

/** A pattern that begins with a slash means the root of the tree; restic would take it as the root of the machine. */
function rooted(pattern: string, root: string): string {
  return isAbsolute(pattern) ? join(root.replaceAll(/[\\*?[\]]/g, String.raw`\$&`), pattern) : pattern
}

async function refuseUnreadable(source: TreeSource, errors: readonly ItemError[], ctx: RunContext): Promise<void> {
  const unreadable: ItemError[] = []
  for (const error of errors) {
    if (await vanished(source.root, error)) ctx.progress.warn(`vanished while it was read: ${JSON.stringify(error.path)}`)
    else unreadable.push(error)
  }
  if (unreadable.length === 0) return
  const named = unreadable.slice(0, NAMED_AT_MOST).map((error) => `${JSON.stringify(error.path)}: ${error.message}`)
  throw new HoldfastError("SOURCE_UNREADABLE", {
    what: `${unreadable.length} of the files in ${source.root} could not be read`,
    why: named.join("\n"),
    details: { files: unreadable.map((error) => error.path) },
  })
}

/** Only what is really gone, and was not the whole tree. */
async function vanished(root: string, error: ItemError): Promise<boolean> {
  if (!/no such file or directory/.test(error.message)) return false
  const path = isAbsolute(error.path) ? error.path : join(root, error.path)
  if (join(path) === join(root)) return false
  return await lstat(path).then(
    () => false,
    (thrown: unknown) => thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT",
  )
}
