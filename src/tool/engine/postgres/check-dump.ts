/** Reads a dump to its end. `pg_restore --list` is no check: it exits 0 on a dump cut to 1 % (F33, F41). */
import { join } from "node:path"
import type { Argv } from "../../../app/app.ts"
import type { ContainerEngine, DumpSource } from "../../../app/ports.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { archiveReader, type MadeBy } from "./archive-reader.ts"
import type { ClientTools } from "./clients.ts"
import type { EngineTools } from "./engine-tools.ts"
import { restoreError, type ToolEnding } from "./failure.ts"
import { readInHelper } from "./helper-stream.ts"
import { endWithoutProgress } from "./progress-limit.ts"

const DATA_OF = /^pg_restore: processing data for table "(.*)"$/
/** Only the custom format is read: a cut tar archive never ends (F36). Nobody keeps the script that comes out. */
const ARGS = ["--format=custom", "--verbose", "--file=/dev/null"]
const STALL_LIMIT_MS = 300_000

type OnLine = (line: string) => void

/** Throws DUMP_TRUNCATED, DUMP_DAMAGED, DUMP_FORMAT_UNKNOWN, DATABASE_CLIENT_TOO_OLD or TOOL_TIMEOUT. */
export async function checkDump(
  tools: EngineTools,
  dump: DumpSource,
  made: MadeBy | null,
  ctx: RunContext,
): Promise<{ tables: readonly string[] }> {
  const tables: string[] = []
  const onLine: OnLine = (line) => {
    const name = DATA_OF.exec(line)?.[1]
    if (name !== undefined) tables.push(...readings(name))
  }
  const ending = await readToEnd(tools, dump, made, onLine, ctx)
  if (ending.exitCode !== 0) throw restoreError(ending, "DUMP_DAMAGED", "the dump cannot be read to its end")
  return { tables: tables.toSorted() }
}

async function readToEnd(tools: EngineTools, dump: DumpSource, made: MadeBy | null, onLine: OnLine, ctx: RunContext): Promise<ToolEnding> {
  const reader = await archiveReader(tools, made, ctx)
  if (reader.kind === "local") return await readLocally(tools, reader.client, dump, onLine, ctx)
  const ending = await readByImage(reader.containers, reader.image, dump, tools.scratchDirectory, ctx)
  for (const line of ending.lines) onLine(line)
  return ending
}

async function readLocally(
  tools: EngineTools,
  client: ClientTools,
  dump: DumpSource,
  onLine: OnLine,
  ctx: RunContext,
): Promise<ToolEnding> {
  const child = tools.processes.start({
    argv: [join(client.directory, "pg_restore"), ...ARGS],
    environment: { LC_ALL: "C" },
    stdin: { fd: dump.fd },
    onStderrLine: onLine,
    signal: ctx.signal,
  })
  return await endWithoutProgress(child, tools.stallLimitMs ?? STALL_LIMIT_MS, ctx)
}

/** Standard error goes to standard output there, because only that is handed over whole. */
async function readByImage(
  containers: ContainerEngine,
  image: string,
  dump: DumpSource,
  scratchDirectory: string,
  ctx: RunContext,
): Promise<ToolEnding & { lines: readonly string[] }> {
  const argv: Argv = ["sh", "-c", '"$@" 2>&1', "sh", "pg_restore", ...ARGS]
  const helper = { image, network: "none", argv, binds: [], environment: { LC_ALL: "C" } }
  const result = await readInHelper(containers, helper, dump, scratchDirectory, ctx)
  const lines = result.stdout.split("\n")
  return { exitCode: result.exitCode, stderrTail: lines.slice(-20).join("\n").trim(), lines }
}

/**
 * `public.weird Name` → `public."weird Name"`, as facts name it. The tool prints names bare, so where there are several dots any of
 * them may be the one between schema and table, and each reading is given.
 */
function readings(bare: string): readonly string[] {
  const pieces = bare.split(".")
  return pieces.slice(1).map((_, index) => {
    const [schema, table] = [pieces.slice(0, index + 1), pieces.slice(index + 1)].map((part) => quoteIdent(part.join(".")))
    return `${schema ?? ""}.${table ?? ""}`
  })
}

function quoteIdent(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
