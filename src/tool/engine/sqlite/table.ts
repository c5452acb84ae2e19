/** Single tables of a SQLite database: put into a copy of the live file, left alone in a file of ours, or written as a file of their own. */
import { dirname, join } from "node:path"
import type { SqliteSource } from "../../../app/app.ts"
import type { StagedDatabase } from "../../../app/ports.ts"
import type { TableMerge, TableReference, TableRestore } from "../../../app/table-ports.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { factsOf, type SqliteTools } from "./capture.ts"
import { copyFiles, settleCopy } from "./cold-copy.ts"
import type { Answer } from "./job.ts"
import { requireOurs } from "./names.ts"
import { adoptOwnership } from "./ownership.ts"
import { requireSpace, withPrivateDirectory } from "./private-directory.ts"
import { readable } from "./readable.ts"
import { runJob, unexpectedAnswer } from "./run-job.ts"
import { existingPath, plannedPath, sizeWithSides } from "./source-file.ts"
import { readDump, removeFile } from "./stage.ts"
import { receiveFile } from "./stream.ts"

export function createTableRestore(tools: SqliteTools): TableRestore<SqliteSource> {
  return {
    references: async (source, tables, ctx) => await references(tools, source, tables, ctx),
    merge: async (source, merge, ctx) => await mergeTables(tools, source, merge, ctx),
    keepOnly: async (source, name, tables, ctx) => {
      requireOurs(plannedPath(source), name)
      await keepOnly(tools, name, tables, ctx)
    },
    write: async (read, writing, ctx) => {
      const path = join(writing.directory, `${writing.name}.sqlite`)
      await read(async (dump) => await receiveFile(tools.processes, dump, path, ctx))
      await readDump(tools, path, null, ctx)
      await keepOnly(tools, path, writing.tables, ctx)
      return [path]
    },
  }
}

async function keepOnly(tools: SqliteTools, path: string, tables: readonly string[], ctx: RunContext): Promise<void> {
  const answer = await runJob(tools, { kind: "keep-only", path, busyTimeoutMs: tools.busyTimeoutMs, tables: [...tables] }, ctx)
  if (answer.kind !== "done") throw unexpectedAnswer(path, answer)
}

const REFERENCES = `
SELECT DISTINCT t.name, k."table" FROM sqlite_schema t, pragma_foreign_key_list(t.name) k WHERE t.type = 'table' ORDER BY 1, 2`

async function references(
  tools: SqliteTools,
  source: SqliteSource,
  tables: readonly string[],
  ctx: RunContext,
): Promise<readonly TableReference[]> {
  const rows = await readable(tools, await existingPath(source), ctx, async (path) => {
    const answer = await runJob(tools, { kind: "query", path, busyTimeoutMs: tools.busyTimeoutMs, sql: REFERENCES }, ctx)
    return answer.kind === "query" ? answer.rows : answer
  })
  const wanted = new Set(tables.map((table) => table.toLowerCase()))
  return rows
    .map(([from, to]) => ({ from: from ?? "", to: to ?? "" }))
    .filter(({ from, to }) => wanted.has(to.toLowerCase()) && !wanted.has(from.toLowerCase()))
}

async function mergeTables(tools: SqliteTools, source: SqliteSource, merge: TableMerge, ctx: RunContext): Promise<StagedDatabase> {
  const live = await existingPath(source)
  for (const name of [merge.from, merge.into]) requireOurs(live, name)
  try {
    await copyLive(tools, live, merge.into, ctx)
    const { busyTimeoutMs } = tools
    const { from, into: path, tables, schema } = merge
    const replaced = await runJob(tools, { kind: "replace-tables", path, from, tables: [...tables], busyTimeoutMs }, ctx)
    if (replaced.kind !== "done") throw refusal(path, replaced)
    const answer = await runJob(tools, { kind: "facts", path, busyTimeoutMs, schema, integrity: true }, ctx)
    if (answer.kind !== "facts") throw unexpectedAnswer(path, answer)
    if (answer.description.damage.length > 0) throw damaged(live, answer.description.damage)
    await adoptOwnership(path, live, null)
    return { name: path, facts: factsOf(answer.description) }
  } catch (thrown) {
    await removeFile(merge.into)
    throw thrown
  }
}

/** The live file as it is, with what is only in its log; the live file is only read. */
async function copyLive(tools: SqliteTools, live: string, into: string, ctx: RunContext): Promise<void> {
  await requireSpace(dirname(into), await sizeWithSides(live), `copying ${live}`)
  await withPrivateDirectory(tools.scratchDirectory, ctx.operationId, async (directory) => {
    await requireSpace(directory, await sizeWithSides(live), `copying ${live}`)
    const copy = await copyFiles(tools.processes, live, directory, ctx)
    await settleCopy(tools, copy, tools.busyTimeoutMs, ctx)
    await moveFile(tools, copy, into, ctx)
  })
}

/** Between file systems a rename is a copy; the new file is private from its first byte. */
async function moveFile(tools: SqliteTools, from: string, to: string, ctx: RunContext): Promise<void> {
  const argv = ["sh", "-c", 'umask 077; exec cp --sparse=auto --no-preserve=all -- "$1" "$2"', "sh", from, to] as const
  const result = await tools.processes.run({ argv, signal: ctx.signal })
  if (result.exitCode === 0) return
  throw new HoldfastError("DATABASE_RESTORE_FAILED", { what: `${to} could not be written`, why: result.stderrTail })
}

function refusal(path: string, answer: Answer): Error {
  if (answer.kind !== "refused") return unexpectedAnswer(path, answer)
  if (answer.reason === "shape") {
    return new HoldfastError("TABLE_NOT_REPLACEABLE", { what: `the rows of ${answer.table} cannot be replaced alone`, why: answer.message })
  }
  return new HoldfastError("REFERENCES_BROKEN", {
    what: `the rows of ${answer.table} would not fit the rest`,
    why: answer.message,
    hint: "Restore both tables together (--table twice), or the whole database.",
  })
}

function damaged(live: string, damage: readonly string[]): HoldfastError {
  return new HoldfastError("SQLITE_DAMAGED", {
    what: `${live} is damaged: a copy of it with other rows would be as well`,
    why: damage.join("\n"),
    hint: "Restore the whole database.",
  })
}
