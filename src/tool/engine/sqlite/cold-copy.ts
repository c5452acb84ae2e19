import { rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { HoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Processes } from "../../process/process.ts"
import { runJob, unexpectedAnswer, type ChildTools } from "./run-job.ts"

/** The log's index (`-shm`) is left out: it is made anew from the log. */
const COPIED = ["", "-wal", "-journal"] as const
const ATTEMPTS = 3

/** Private from its first byte; without a byte moved where the file system can share them. */
const COPY = 'umask 077; exec cp --reflink=auto --sparse=auto --no-preserve=all -- "$1" "$2"'

/**
 * Copies a database that cannot be opened where it lies (read-only mount, hot journal nobody may roll back) together with its
 * log and journal, and settles the copy. `immutable=1` would silently leave the log's rows out (design §5).
 * @returns the path of the copy, inside `directory`
 * Throws SOURCE_CHANGED when somebody keeps writing meanwhile.
 */
export async function copyWithLog(
  tools: ChildTools,
  path: string,
  directory: string,
  busyTimeoutMs: number,
  ctx: RunContext,
): Promise<string> {
  const copy = await copyFiles(tools.processes, path, directory, ctx)
  await settleCopy(tools, copy, busyTimeoutMs, ctx)
  return copy
}

/** The files of one moment in `directory`, unsettled. Throws SOURCE_CHANGED when somebody keeps writing meanwhile. */
export async function copyFiles(processes: Processes, path: string, directory: string, ctx: RunContext): Promise<string> {
  const copy = join(directory, "source.db")
  await copyFilesTo(processes, path, copy, ctx)
  return copy
}

/** The same under a name of its own; readable by us alone. */
export async function copyFilesTo(processes: Processes, path: string, copy: string, ctx: RunContext): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const before = await fingerprint(path)
    await Promise.all(COPIED.map(async (ending) => await copyIfThere(processes, path + ending, copy + ending, ctx)))
    if (before === (await fingerprint(path))) return
  }
  throw new HoldfastError("SOURCE_CHANGED", {
    what: `${path} was written to while it was copied`,
    hint: "Stop the program that writes to it, or give Holdfast the right to write beside the file.",
  })
}

/** Replays the log or rolls back the journal of a private copy. */
export async function settleCopy(tools: ChildTools, copy: string, busyTimeoutMs: number, ctx: RunContext): Promise<void> {
  const answer = await runJob(tools, { kind: "settle-copy", path: copy, busyTimeoutMs }, ctx)
  if (answer.kind !== "done") throw unexpectedAnswer(copy, answer)
}

/** By a child: this process may itself have the database open, and closing the raw file would drop its locks (F64). */
async function copyIfThere(processes: Processes, from: string, to: string, ctx: RunContext): Promise<void> {
  if ((await identity(from)) === "absent") return await rm(to, { force: true })
  const result = await processes.run({ argv: ["sh", "-c", COPY, "sh", from, to], signal: ctx.signal })
  if (result.exitCode === 0) return
  const code = result.stderrTail.includes("No space left") ? "SPACE_MISSING" : "SOURCE_UNREADABLE"
  throw new HoldfastError(code, { what: `${from} could not be copied`, why: result.stderrTail })
}

async function fingerprint(path: string): Promise<string> {
  return (await Promise.all(COPIED.map(async (ending) => await identity(path + ending)))).join(" ")
}

async function identity(path: string): Promise<string> {
  const status = await stat(path, { bigint: true }).catch(() => null)
  return status === null ? "absent" : `${status.ino}:${status.size}:${status.mtimeNs}:${status.ctimeNs}`
}
