/** Loads a plain dump into a new database: a script that psql runs, in one transaction that stops at the first error. */
import type { DumpSource } from "../../../app/ports.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Access } from "./access.ts"
import type { ToolEnding } from "./failure.ts"
import { identifier } from "./quote.ts"
import { withSession, type SqlSession } from "./session.ts"

const ARGS = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", "--output=/dev/null"]

/**
 * Only for a throwaway server: a script may do whatever its user may (F54). The caller has made sure that it is whole and holds no
 * commands of psql, because psql itself ends a cut script with exit code 0 (F35). Throws DATABASE_RESTORE_FAILED.
 */
export async function loadPlain(
  access: Access,
  name: string,
  dump: DumpSource,
  maintenance: () => Promise<SqlSession>,
  ctx: RunContext,
): Promise<void> {
  await withSession(maintenance, async (session) => {
    await session.rows(`CREATE DATABASE ${identifier(name)} TEMPLATE template0 ENCODING 'UTF8'`)
  })
  const ending = await access.tools.run({ program: "psql", args: ARGS, database: name, stdin: dump }, ctx)
  if (ending.exitCode === 0) return
  throw new HoldfastError("DATABASE_RESTORE_FAILED", { what: `the plain dump could not be loaded into ${name}`, why: reasonOf(ending) })
}

function reasonOf(ending: ToolEnding): string {
  const how = ending.exitCode === null ? `psql died from ${ending.signal ?? "a signal"}` : `psql ended with exit code ${ending.exitCode}`
  return ending.stderrTail === "" ? how : `${how}: ${ending.stderrTail}`
}
