/** Reads a dump to its end. `pg_restore --list` is no check: it exits 0 on a dump cut to 1 % (F33, F41). */
import { join } from "node:path"
import type { DumpSource } from "../../../app/ports.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Processes } from "../../process/process.ts"
import type { ClientTools } from "./clients.ts"
import { restoreError } from "./failure.ts"
import { endWithoutProgress } from "./progress-limit.ts"

const DATA_OF = /^pg_restore: processing data for table "(.*)"$/

/**
 * `pg_restore` turns the whole archive into a script that nobody keeps. Throws DUMP_TRUNCATED, DUMP_DAMAGED,
 * DUMP_FORMAT_UNKNOWN (only the custom format is read: a cut tar archive never ends, F36), DATABASE_CLIENT_TOO_OLD or TOOL_TIMEOUT.
 */
export async function checkDump(
  processes: Processes,
  client: ClientTools | undefined,
  dump: DumpSource,
  stallLimitMs: number,
  ctx: RunContext,
): Promise<{ tables: readonly string[] }> {
  if (client === undefined) throw new HoldfastError("TOOL_MISSING", { what: "no pg_restore on this machine to read the dump with" })
  const tables: string[] = []
  const child = processes.start({
    argv: [join(client.directory, "pg_restore"), "--format=custom", "--verbose", "--file=/dev/null"],
    environment: { LC_ALL: "C" },
    stdin: { fd: dump.fd },
    onStderrLine: (line) => {
      const name = DATA_OF.exec(line)?.[1]
      if (name !== undefined) tables.push(quoted(name))
    },
    signal: ctx.signal,
  })
  const ending = await endWithoutProgress(child, stallLimitMs, ctx)
  if (ending.exitCode !== 0) throw restoreError(ending, "DUMP_DAMAGED", "the dump cannot be read to its end")
  return { tables: tables.toSorted() }
}

/** `public.weird Name` → `public."weird Name"`, as facts name it. The tool prints names bare; a dot belongs to the schema's end. */
function quoted(bare: string): string {
  const dot = bare.indexOf(".")
  return `${quoteIdent(bare.slice(0, dot))}.${quoteIdent(bare.slice(dot + 1))}`
}

function quoteIdent(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
