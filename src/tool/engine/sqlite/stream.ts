import { open } from "node:fs/promises"
import type { DumpSink, DumpSource } from "../../../app/ports.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Processes } from "../../process/process.ts"

/** Sends a file into the sink; no byte passes through us. */
export async function sendFile(processes: Processes, path: string, sink: DumpSink, ctx: RunContext): Promise<void> {
  const result = await processes.run({ argv: ["cat", "--", path], stdout: { fd: sink.fd }, signal: ctx.signal })
  if (result.exitCode === 0) return
  const why = result.stderrTail === "" ? `cat ended with ${result.signal ?? result.exitCode}` : result.stderrTail
  throw new HoldfastError("DATABASE_DUMP_FAILED", { what: "the database's copy could not be handed over", why })
}

/** Receives the source to its end into a new file, 0600, synced. A file that is there already is an error. */
export async function receiveFile(processes: Processes, source: DumpSource, path: string, ctx: RunContext): Promise<void> {
  const file = await open(path, "wx", 0o600)
  try {
    const result = await processes.run({ argv: ["cat"], stdin: { fd: source.fd }, stdout: { fd: file.fd }, signal: ctx.signal })
    if (result.exitCode !== 0) throw receiveFailed(path, result.stderrTail)
    await file.sync()
  } finally {
    await file.close()
  }
}

function receiveFailed(path: string, why: string): HoldfastError {
  const code = why.includes("No space left") ? "SPACE_MISSING" : "DATABASE_RESTORE_FAILED"
  return new HoldfastError(code, { what: `the database could not be written to ${path}`, why })
}
