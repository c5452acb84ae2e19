import { constants } from "node:fs"
import { chmod, chown, copyFile, open, rm, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { syncDirectory } from "../../../base/durable-file.ts"
import { HoldfastError, messageOf } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { openPipe } from "../../process/pipe.ts"
import type { Processes } from "../../process/process.ts"
import { fullLength } from "./header.ts"
import { copyFiles, settleCopy } from "./cold-copy.ts"
import { requireSpace, withPrivateDirectory } from "./private-directory.ts"
import { runJob } from "./run-job.ts"
import { existingPath, sizeWithSides } from "./source-file.ts"

export interface SqliteSalvagerOptions {
  readonly processes: Processes
  readonly scratchDirectory: string
  readonly nodeBinary: string
}

const BUSY_TIMEOUT_MS = 5000
/** The copy, the result, and what recovering it needs in between. */
const SPACE_FACTOR = 3

interface Examination {
  readonly damage: readonly string[]
  readonly rows: Readonly<Record<string, number>>
}

/** Salvages SQLite files with the `.recover` command of the `sqlite3` shell. */
export interface SqliteSalvager {
  withDirectory<T>(ctx: RunContext, use: (directory: string) => Promise<T>): Promise<T>
  copy(file: string, directory: string, ctx: RunContext): Promise<{ copy: string; logBytes: number; journalBytes: number }>
  settle(copy: string, ctx: RunContext): Promise<void>
  examine(copy: string, ctx: RunContext): Promise<Examination>
  recover(copy: string, result: string, ctx: RunContext): Promise<void>
  place(result: string, target: string, like: string): Promise<void>
}

/** Fits the port of the verb `salvage`, which says what each member promises. */
export function createSqliteSalvager(options: SqliteSalvagerOptions): SqliteSalvager {
  return {
    withDirectory: async (ctx, use) => await withPrivateDirectory(options.scratchDirectory, ctx.operationId, use),
    copy: async (file, directory, ctx) => {
      const path = await existingPath({ engine: "sqlite", name: file, place: { path: file } })
      await requireSpace(directory, SPACE_FACTOR * (await sizeWithSides(path)), `salvaging ${file}`)
      const copy = await copyFiles(options.processes, path, directory, ctx)
      return { copy, logBytes: await sizeOf(`${copy}-wal`), journalBytes: await sizeOf(`${copy}-journal`) }
    },
    settle: async (copy, ctx) => await settleCopy(options, copy, BUSY_TIMEOUT_MS, ctx),
    examine: async (copy, ctx) => await examine(options, copy, ctx),
    recover: async (copy, result, ctx) => await recover(options, copy, result, ctx),
    place: async (result, target, like) => await place(result, target, like),
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0
}

async function examine(options: SqliteSalvagerOptions, path: string, ctx: RunContext): Promise<Examination> {
  const answer = await runJob(options, { kind: "facts", path, busyTimeoutMs: BUSY_TIMEOUT_MS, schema: null, integrity: true }, ctx)
  if (answer.kind === "facts") return { damage: answer.description.damage, rows: answer.description.rows }
  return { damage: [answer.kind === "failure" ? answer.message : `unexpected answer ${answer.kind}`], rows: {} }
}

/**
 * By the shell's `.recover`, which also reads pages that no table leads to; where the shell's library was built without what that needs
 * (Debian 12: `SQL logic error` even for a whole file), or when it gives up, row by row by our own reader.
 */
async function recover(options: SqliteSalvagerOptions, copy: string, result: string, ctx: RunContext): Promise<void> {
  await padToFullLength(copy)
  const shellSays = await recoverByShell(options.processes, copy, result, ctx)
  if (shellSays === null) return
  await rm(result, { force: true })
  const answer = await runJob(options, { kind: "read-rows", path: copy, target: result, busyTimeoutMs: BUSY_TIMEOUT_MS }, ctx)
  if (answer.kind === "done") return
  throw failed(copy, `${shellSays}\n${answer.kind === "failure" ? answer.message : answer.kind}`)
}

/** One shell prints what it can read as SQL, another runs it. Null when both ended well, else what they said. */
async function recoverByShell(processes: Processes, copy: string, result: string, ctx: RunContext): Promise<string | null> {
  const pipe = await openPipe(processes, dirname(result), ctx.signal)
  try {
    const reading = processes.start({
      argv: ["sqlite3", "-init", "/dev/null", copy, ".recover"],
      stdout: { fd: pipe.writeFd },
      signal: ctx.signal,
    })
    const writing = processes.start({
      argv: ["sqlite3", "-init", "/dev/null", "-bail", result],
      stdin: { fd: pipe.readFd },
      signal: ctx.signal,
    })
    pipe.closeWrite()
    pipe.closeRead()
    const [read, written] = await Promise.all([reading.done, writing.done])
    return read.exitCode === 0 && written.exitCode === 0 ? null : `${read.stderrTail}\n${written.stderrTail}`.trim()
  } finally {
    await pipe.dispose()
  }
}

/** SQLite opens no file that is shorter than its header says; the missing end of the copy is made up of empty pages. */
async function padToFullLength(copy: string): Promise<void> {
  const file = await open(copy, "r+")
  try {
    const { size } = await file.stat()
    const fullBytes = await fullLength(file)
    if (size < fullBytes) await file.truncate(fullBytes)
  } finally {
    await file.close()
  }
}

function failed(copy: string, why: string): HoldfastError {
  return new HoldfastError("SALVAGE_FAILED", { what: "nothing could be read from the file", why, details: { copy } })
}

async function place(result: string, target: string, like: string): Promise<void> {
  const { uid, gid, mode } = await stat(like)
  try {
    await copyFile(result, target, constants.COPYFILE_EXCL)
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") {
      throw new HoldfastError("TARGET_NOT_EMPTY", { what: `${target} is there already`, cause })
    }
    await rm(target, { force: true })
    throw new HoldfastError("EXPORT_FAILED", { what: `the result could not be written to ${target}`, why: messageOf(cause), cause })
  }
  await chmod(target, mode & 0o777)
  await chown(target, uid, gid)
  const file = await open(target, "r+")
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  await syncDirectory(dirname(target))
}
