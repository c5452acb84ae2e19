import { mkdtemp, open, rm } from "node:fs/promises"
import { join } from "node:path"
import type { TableMerge } from "../../../../app/table-ports.ts"
import type { RunContext } from "../../../../base/run-context.ts"
import type { Access } from "../access.ts"
import type { EngineTools } from "../engine-tools.ts"
import { dumpError, restoreError } from "../failure.ts"

/**
 * Rows of some tables from one database of a server to another. Through a private file, not a pipe: a dump that broke off would otherwise
 * look complete to the reader. Throws DATABASE_DUMP_FAILED, DATABASE_RESTORE_FAILED.
 */
export async function copyRows(tools: EngineTools, access: Access, merge: TableMerge, ctx: RunContext): Promise<void> {
  const directory = await mkdtemp(join(tools.scratchDirectory, "tables-"))
  const path = join(directory, "rows.dump")
  try {
    await dumpRows(access, merge, path, ctx)
    await loadRows(access, merge, path, ctx)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function dumpRows(access: Access, merge: TableMerge, path: string, ctx: RunContext): Promise<void> {
  const file = await open(path, "wx", 0o600)
  try {
    const args = ["--format=custom", "--compress=1", "--data-only", ...merge.tables.map((table) => `--table=${pattern(table)}`)]
    const ending = await access.tools.run({ program: "pg_dump", args, database: merge.from, stdout: { fd: file.fd, path } }, ctx)
    if (ending.exitCode !== 0) throw dumpError(ending)
  } finally {
    await file.close()
  }
}

async function loadRows(access: Access, merge: TableMerge, path: string, ctx: RunContext): Promise<void> {
  const file = await open(path, "r")
  try {
    const args = ["--format=custom", "--data-only", "--exit-on-error", "--single-transaction"]
    const ending = await access.tools.run({ program: "pg_restore", args, database: merge.into, stdin: { fd: file.fd, path } }, ctx)
    if (ending.exitCode !== 0) throw restoreError(ending, "DATABASE_RESTORE_FAILED", `the rows could not be put into ${merge.into}`)
  } finally {
    await file.close()
  }
}

/** Quoted throughout, so that nothing in a name is taken for a wildcard. `public."My table"` → `"public"."My table"` */
function pattern(table: string): string {
  return partsOf(table)
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join(".")
}

/** Schema and table, bare, of a name as facts give it. */
export function partsOf(table: string): readonly [string, string] {
  const parts = (table.match(/"(?:[^"]|"")*"|[^."]+/g) ?? []).map((part) =>
    part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part,
  )
  return [parts[0] ?? "", parts[1] ?? ""]
}
