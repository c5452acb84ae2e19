/** A dump as a plain script that names no roles: for dumps of servers whose roles are not here. */
import { basename, dirname } from "node:path"
import type { DumpSource } from "../../../app/ports.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { scriptWriter, writeScript, type MadeBy } from "./archive-reader.ts"
import type { EngineTools } from "./engine-tools.ts"
import { restoreError } from "./failure.ts"

const ARGS = ["--format=custom", "--no-owner", "--no-privileges"]

/**
 * Writes the script to `path`. Throws DUMP_TRUNCATED, DUMP_DAMAGED, DATABASE_CLIENT_TOO_OLD.
 * @param target the server that it is meant for; null: whichever is newest here
 */
export async function toPlain(tools: EngineTools, dump: DumpSource, path: string, target: MadeBy | null, ctx: RunContext): Promise<void> {
  const writer = await scriptWriter(tools, target, ctx)
  const ending = await writeScript(tools, writer, ARGS, { directory: dirname(path), fileName: basename(path) }, dump, ctx)
  if (ending.exitCode !== 0) throw restoreError(ending, "DUMP_DAMAGED", "the dump cannot be read to its end")
}
