import { open, rm } from "node:fs/promises"
import { dirname } from "node:path"
import type { DatabaseShape, DumpSource, SchemaQueries, StagedDatabase } from "../../../app/ports.ts"
import { syncDirectory } from "../../../base/durable-file.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { factsOf, type SqliteTools } from "./capture.ts"
import { fullLength } from "./header.ts"
import type { Answer, Description, Failure } from "./job.ts"
import { adoptOwnership } from "./ownership.ts"
import { runJob, unexpectedAnswer } from "./run-job.ts"
import { SIDE_ENDINGS } from "./source-file.ts"
import { receiveFile } from "./stream.ts"

/** Writes a dump to `path` beside `live`, checks it, and gives it what the dump does not carry. The live file is not touched. */
export async function stageFile(
  tools: SqliteTools,
  request: { path: string; live: string; dump: DumpSource; shape: DatabaseShape; schema: SchemaQueries | null },
  ctx: RunContext,
): Promise<StagedDatabase> {
  const { path, live, dump, shape, schema } = request
  await removeFile(path)
  try {
    await receiveFile(tools.processes, dump, path, ctx)
    const description = await readDump(tools, path, schema, ctx)
    done(await runJob(tools, { kind: "dress", path, busyTimeoutMs: tools.busyTimeoutMs, pragmas: shape.pragmas }, ctx), path)
    await adoptOwnership(path, live, shape)
    await syncFile(path)
    return { name: path, facts: factsOf(description) }
  } catch (thrown) {
    await removeFile(path)
    throw thrown
  }
}

/** Reads a received dump to its end. Throws DUMP_TRUNCATED, DUMP_DAMAGED or DUMP_FORMAT_UNKNOWN. */
export async function readDump(tools: SqliteTools, path: string, schema: SchemaQueries | null, ctx: RunContext): Promise<Description> {
  await requireWhole(path)
  const answer = await runJob(tools, { kind: "facts", path, busyTimeoutMs: tools.busyTimeoutMs, schema, integrity: true }, ctx)
  if (answer.kind === "failure") throw dumpError(answer)
  if (answer.kind !== "facts") throw unexpectedAnswer(path, answer)
  if (answer.description.damage.length === 0) return answer.description
  throw new HoldfastError("DUMP_DAMAGED", {
    what: "integrity_check of the SQLite dump did not say ok",
    why: answer.description.damage.join("\n"),
  })
}

function dumpError(failure: Failure): HoldfastError {
  if (failure.failure === "not-a-database")
    return new HoldfastError("DUMP_FORMAT_UNKNOWN", { what: "the dump is not a SQLite database", why: failure.message })
  return new HoldfastError("DUMP_DAMAGED", { what: "the SQLite dump cannot be read", why: failure.message })
}

/** The header says how many pages there are: SQLite itself is content with a file cut at some places. */
async function requireWhole(path: string): Promise<void> {
  const file = await open(path, "r")
  try {
    const { size } = await file.stat()
    const wantBytes = await fullLength(file)
    if (size < wantBytes) throw new HoldfastError("DUMP_TRUNCATED", { what: `the SQLite dump has ${size} bytes of ${wantBytes}` })
  } finally {
    await file.close()
  }
}

/** Removes a database of ours: the main file first, because a log without a main file is harmless, the reverse is not. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true })
  for (const ending of SIDE_ENDINGS) await rm(path + ending, { force: true })
  await syncDirectory(dirname(path))
}

/** Makes a file and its name survive a power loss. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r")
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  await syncDirectory(dirname(path))
}

function done(answer: Answer, path: string): void {
  if (answer.kind !== "done") throw unexpectedAnswer(path, answer)
}
