/** Writes single tables of a dump as SQL scripts: definition and rows, as `pg_restore` knows them; no server is asked. */
import { join } from "node:path"
import type { DumpReader, TableWriting } from "../../../../app/table-ports.ts"
import type { RunContext } from "../../../../base/run-context.ts"
import { archiveReader, writeScript } from "../archive-reader.ts"
import type { EngineTools } from "../engine-tools.ts"
import { restoreError } from "../failure.ts"
import { partsOf } from "./copy-rows.ts"

/** Throws DATABASE_CLIENT_TOO_OLD, DUMP_TRUNCATED, DUMP_DAMAGED, EXPORT_FAILED. */
export async function writeTables(
  tools: EngineTools,
  read: DumpReader,
  writing: TableWriting,
  ctx: RunContext,
): Promise<readonly string[]> {
  const reader = await archiveReader(tools, writing.made, ctx)
  const written: string[] = []
  for (const table of writing.tables) {
    const [schema, name] = partsOf(table)
    const fileName = `${writing.name}.${fileNameOf(schema)}.${fileNameOf(name)}.sql`
    const args = ["--format=custom", "--no-owner", "--no-privileges", `--schema=${schema}`, `--table=${name}`]
    const place = { directory: writing.directory, fileName }
    const ending = await read(async (dump) => await writeScript(tools, reader, args, place, dump, ctx))
    if (ending.exitCode !== 0) throw restoreError(ending, "EXPORT_FAILED", `table ${table} could not be written`)
    written.push(join(writing.directory, fileName))
  }
  return written
}

/** Names come from the point, so they are not trusted to stay inside a directory. */
function fileNameOf(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}_-]/gu, "_")
}
