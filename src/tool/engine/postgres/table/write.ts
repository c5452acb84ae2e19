/** Writes single tables of a dump as SQL scripts: definition and rows, as `pg_restore` knows them; no server is asked. */
import { join } from "node:path"
import type { DumpReader, TableWriting } from "../../../../app/table-ports.ts"
import type { RunContext } from "../../../../base/run-context.ts"
import { archiveReader } from "../archive-reader.ts"
import type { EngineTools } from "../engine-tools.ts"
import { restoreError, type ToolEnding } from "../failure.ts"
import { readInHelper } from "../helper-stream.ts"
import { partsOf } from "./copy-rows.ts"

const OUT = "/holdfast-out"

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
    const ending = await read(async (dump): Promise<ToolEnding> => {
      if (reader.kind === "image") {
        const argv = ["pg_restore", ...args, `--file=${OUT}/${fileName}`] as const
        const binds = [{ hostPath: writing.directory, target: OUT, readOnly: false }]
        const helper = { image: reader.image, network: "none", argv, binds, environment: { LC_ALL: "C" } }
        return await readInHelper(reader.containers, helper, dump, tools.scratchDirectory, ctx)
      }
      return await tools.processes.run({
        argv: [join(reader.client.directory, "pg_restore"), ...args, `--file=${join(writing.directory, fileName)}`],
        environment: { LC_ALL: "C" },
        stdin: { fd: dump.fd },
        signal: ctx.signal,
      })
    })
    if (ending.exitCode !== 0) throw restoreError(ending, "EXPORT_FAILED", `table ${table} could not be written`)
    written.push(join(writing.directory, fileName))
  }
  return written
}

/** Names come from the point, so they are not trusted to stay inside a directory. */
function fileNameOf(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}_-]/gu, "_")
}
