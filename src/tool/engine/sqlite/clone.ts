/** Copies a live file beside itself, log and all, where its writers were stopped (design §10, step 4); the live one is only read. */
import { rename, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { syncDirectory } from "../../../base/durable-file.ts"
import { HoldfastError, messageOf } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { SqliteTools } from "./capture.ts"
import { copyFilesTo, settleCopy } from "./cold-copy.ts"
import { adoptOwnership } from "./ownership.ts"
import { requireSpace } from "./private-directory.ts"
import { exists, SIDE_ENDINGS, sizeWithSides } from "./source-file.ts"
import { removeFile, syncFile } from "./stage.ts"

export interface CloneRequest {
  readonly live: string
  /** Beside `live`; it is there only when it is whole. */
  readonly name: string
  /** Throws when another process has one of these files open. */
  readonly requireUnused: (paths: readonly string[]) => Promise<void>
}

/** What a copy is called until it is whole. */
export function partialPath(name: string): string {
  return `${name}.part`
}

/**
 * By reflink where the file system has it. The log is replayed into the copy, never into the live file.
 * Throws DATABASE_IN_USE, TARGET_NOT_EMPTY, SPACE_MISSING, SOURCE_CHANGED, NOT_PERMITTED, SQLITE_DAMAGED.
 */
export async function cloneFile(tools: SqliteTools, request: CloneRequest, ctx: RunContext): Promise<{ readonly sizeBytes: number }> {
  const { live, name, requireUnused } = request
  ctx.signal.throwIfAborted()
  if (await exists(name)) throw new HoldfastError("TARGET_NOT_EMPTY", { what: `a copy ${name} is there already` })
  await requireUnused([live])
  // With what an earlier copy of this name left beside it: a log there would be taken for the new one's.
  await removeFile(name)
  const partial = partialPath(name)
  await removeFile(partial)
  try {
    await requireSpace(dirname(name), await sizeWithSides(live), `copying ${live}`)
    await copyFilesTo(tools.processes, live, partial, ctx)
    await requireUnused([live])
    await settleCopy(tools, partial, tools.busyTimeoutMs, ctx)
    await requireSettled(partial)
    await adoptOwnership(partial, live, null)
    await syncFile(partial)
    await rename(partial, name)
    await syncDirectory(dirname(name))
    return { sizeBytes: (await stat(name)).size }
  } catch (thrown) {
    await removeFile(partial).catch((failed: unknown) => {
      ctx.progress.warn(`the half-made copy ${partial} could not be removed (${messageOf(failed)}); settling the operation removes it`)
    })
    throw thrown
  }
}

/** Removes what a copy that was interrupted left under its own name. One that is not there is fine. */
export async function removePartial(name: string): Promise<void> {
  const partial = partialPath(name)
  const there = await Promise.all(["", ...SIDE_ENDINGS].map(async (ending) => await exists(partial + ending)))
  if (there.includes(true)) await removeFile(partial)
}

/** The renamed copy has no log: one that still held rows would be lost with its name. */
async function requireSettled(partial: string): Promise<void> {
  for (const ending of SIDE_ENDINGS) {
    if ((await stat(partial + ending).catch(() => null))?.size) {
      throw new HoldfastError("DATABASE_RESTORE_FAILED", {
        what: `the copy ${partial} could not be made whole`,
        why: `${ending} is not empty`,
      })
    }
  }
}
