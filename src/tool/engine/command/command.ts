/** A database whose engine Holdfast does not know: the operator's own commands dump and load it (design §4). */
import { createReadStream } from "node:fs"
import { access, mkdir, open, rename, rm, stat } from "node:fs/promises"
import { dirname, join } from "node:path"
import type { Argv, CommandSource } from "../../../app/app.ts"
import { emptyShape, type DatabaseEngine, type DatabaseFacts, type DumpSource } from "../../../app/ports.ts"
import { syncDirectory } from "../../../base/durable-file.ts"
import { HoldfastError, type ErrorCode } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Processes } from "../../process/process.ts"

export interface CommandEngineOptions {
  readonly processes: Processes
  /** Where dumps lie while a database is replaced; ours, private. */
  readonly directory: string
}

/**
 * There is no database beside the live one that could be swapped in by renaming: staging lays the dump ready, swapping dumps the
 * present state aside and loads the staged one. Facts are unknown, so rows are not compared; plans say so.
 */
export function createCommandEngine(options: CommandEngineOptions): DatabaseEngine<CommandSource> {
  const facts: DatabaseFacts = { engine: "command", engineVersion: "unknown", schemaVersion: null, migrations: [], rows: {}, sizeBytes: 0 }
  return {
    engine: "command",
    extension: "dump",
    inspect: async (source) =>
      await Promise.resolve({
        engineVersion: "unknown",
        sizeBytes: 0,
        access: "command",
        toolVersion: source.dump[0],
        canSwap: { allowed: true },
      }),
    capture: async (source, sink, _schema, ctx) => {
      const snapshotAt = ctx.clock.now()
      await runTool(options.processes, source.dump, { stdout: { fd: sink.fd } }, "DATABASE_DUMP_FAILED", ctx)
      const warnings = ["its engine is not known: no rows were counted, and consistency is what the dump command gives"]
      return { facts, shape: emptyShape, access: "command", toolVersion: source.dump[0], snapshotAt, warnings }
    },
    facts: async () => await Promise.resolve(facts),
    checkDump: async (dump, ctx) => {
      const signal = dump.signal === undefined ? ctx.signal : AbortSignal.any([ctx.signal, dump.signal])
      let sizeBytes = 0
      for await (const chunk of createReadStream(dump.path, { fd: dump.fd, autoClose: false, signal }))
        sizeBytes += Buffer.from(chunk).length
      if (sizeBytes === 0) throw new HoldfastError("DUMP_TRUNCATED", { what: "the dump is empty" })
      return { tables: [] }
    },
    planNames: (source, operationId) => {
      const place = (role: string): string => join(options.directory, `${source.name}-${role}-${operationId}.dump`)
      return { live: source.name, staged: place("staged"), kept: place("kept"), failed: place("failed") }
    },
    stage: async (_source, name, dump, _shape, _schema, ctx) => {
      await receive(options, dump, name, ctx)
      return { name, facts }
    },
    query: async () => await Promise.resolve([]),
    sessions: async () => await Promise.resolve([]),
    swapIn: async (source, names, ctx) => {
      if (!(await exists(names.kept))) await dumpAside(options, source, names.kept, ctx)
      if (!(await exists(names.staged))) return
      await load(options, source, names.staged, ctx)
      await rm(names.staged, { force: true })
    },
    swapBack: async (source, names, ctx) => {
      if (!(await exists(names.kept))) return
      if (!(await exists(names.failed))) await dumpAside(options, source, names.failed, ctx)
      await load(options, source, names.kept, ctx)
      await rm(names.kept, { force: true })
    },
    observe: async (_source, names) => ({
      live: true,
      staged: await exists(names.staged),
      kept: await exists(names.kept),
      failed: await exists(names.failed),
    }),
    drop: async (source, name) => {
      if (name === source.name) throw new HoldfastError("TARGET_IS_LIVE", { what: `database ${name} is live and is not dropped` })
      for (const path of [name, `${name}.unfinished`]) await rm(path, { force: true })
    },
    endSessions: async () => await Promise.resolve(0),
    scratch: async (source) => {
      throw new HoldfastError("SANDBOX_REFUSED", {
        what: `database ${source.name} is dumped and loaded by commands, which know no sandbox`,
        hint: "Prove it with `holdfast verify`, and with a booted drill where the app is a compose project.",
      })
    },
  }
}

/** What is staged is whole in `path` or not there at all: settling decides by what it finds. */
async function receive(options: CommandEngineOptions, dump: DumpSource, path: string, ctx: RunContext): Promise<void> {
  const unfinished = `${path}.unfinished`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const file = await open(unfinished, "w", 0o600)
  try {
    // The end of a stream that broke off looks like any other end, so the copy is ended by the signal before it comes.
    const signal = dump.signal === undefined ? ctx.signal : AbortSignal.any([ctx.signal, dump.signal])
    const streams = { stdin: { fd: dump.fd }, stdout: { fd: file.fd } }
    await runTool(options.processes, ["cat"], streams, "DATABASE_RESTORE_FAILED", { ...ctx, signal })
    await file.sync()
  } finally {
    await file.close()
  }
  if ((await stat(unfinished)).size === 0) throw new HoldfastError("DUMP_TRUNCATED", { what: "the dump is empty" })
  await rename(unfinished, path)
  await syncDirectory(dirname(path))
}

/** The present state is whole in `path` or not there at all. */
async function dumpAside(options: CommandEngineOptions, source: CommandSource, path: string, ctx: RunContext): Promise<void> {
  const unfinished = `${path}.unfinished`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const file = await open(unfinished, "w", 0o600)
  try {
    await runTool(options.processes, source.dump, { stdout: { fd: file.fd } }, "DATABASE_DUMP_FAILED", ctx)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(unfinished, path)
  await syncDirectory(dirname(path))
}

async function load(options: CommandEngineOptions, source: CommandSource, path: string, ctx: RunContext): Promise<void> {
  const file = await open(path, "r")
  try {
    await runTool(options.processes, source.restore, { stdin: { fd: file.fd } }, "DATABASE_RESTORE_FAILED", ctx)
  } finally {
    await file.close()
  }
}

async function runTool(
  processes: Processes,
  argv: Argv,
  ends: { stdin?: { fd: number }; stdout?: { fd: number } },
  code: ErrorCode,
  ctx: RunContext,
): Promise<void> {
  const result = await processes.run({ argv, ...ends, signal: ctx.signal })
  if (result.exitCode === 0) return
  throw new HoldfastError(code, {
    what: `${argv[0]} ended with ${result.exitCode === null ? `signal ${result.signal ?? "unknown"}` : `exit code ${result.exitCode}`}`,
    why: result.stderrTail,
  })
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
