/** SQLite: captures a live file without ever writing to it, and replaces one by renames. */
import { access, constants } from "node:fs/promises"
import { dirname, join } from "node:path"
import type { SqliteSource } from "../../../app/app.ts"
import type { DatabaseEngine, DatabaseFacts, DatabaseInspection, ReplacementNames, SchemaQueries, Session } from "../../../app/ports.ts"
import { HoldfastError, isHoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Processes } from "../../process/process.ts"
import { capture, factsOf, toolVersionOf, type SqliteTools } from "./capture.ts"
import { cloneFile, removePartial } from "./clone.ts"
import { readable } from "./readable.ts"
import { swapFileBack, swapFileIn, type SwapWatch } from "./file-swap.ts"
import { replacementNames, requireOurs } from "./names.ts"
import { adoptOwnership } from "./ownership.ts"
import { removeLeftovers, requireSpace, withPrivateDirectory } from "./private-directory.ts"
import { runJob, unexpectedAnswer } from "./run-job.ts"
import { openersOf } from "./sessions.ts"
import { existingPath, exists, isMountPoint, plannedPath, SIDE_ENDINGS, sizeWithSides } from "./source-file.ts"
import { readDump, removeFile, stageFile } from "./stage.ts"
import { receiveFile } from "./stream.ts"
import { createTableRestore } from "./table.ts"

export interface SqliteEngineOptions {
  readonly processes: Processes
  /** A directory of ours on this machine; private copies are made in it and removed. */
  readonly scratchDirectory: string
  /** Absolute path of the Node that runs the child which opens databases. */
  readonly nodeBinary: string
  /** How long a lock of the app is waited for. */
  readonly busyTimeoutMs?: number
}

const DEFAULT_BUSY_TIMEOUT_MS = 10_000

export function createSqliteEngine(options: SqliteEngineOptions): DatabaseEngine<SqliteSource> {
  const tools: SqliteTools = { ...options, busyTimeoutMs: options.busyTimeoutMs ?? DEFAULT_BUSY_TIMEOUT_MS }
  return {
    engine: "sqlite",
    extension: "sqlite",
    inspect: async (source, ctx) => await inspect(tools, source, ctx),
    capture: async (source, sink, schema, ctx) => await capture(tools, source, sink, schema, ctx),
    facts: async (source, name, schema, ctx) => await facts(tools, source, name, schema, ctx),
    checkDump: async (dump, ctx) =>
      await withPrivateDirectory(tools.scratchDirectory, ctx.operationId, async (directory) => {
        const path = join(directory, "dump.db")
        await receiveFile(tools.processes, dump, path, ctx)
        const { rows } = await readDump(tools, path, null, ctx)
        return { tables: Object.keys(rows) }
      }),
    planNames: (source, operationId) => replacementNames(plannedPath(source), operationId),
    stage: async (source, name, dump, shape, schema, ctx) => {
      const live = plannedPath(source)
      requireOurs(live, name)
      return await stageFile(tools, { path: name, live, dump, shape, schema }, ctx)
    },
    query: async (source, name, sql, ctx) => await query(tools, source, name, sql, ctx),
    sessions: async (source) => await sessionsOn(plannedPath(source)),
    swapIn: async (source, names, ctx) => await swapIn(tools, source, names, ctx),
    swapBack: async (_source, names) => await swapFileBack(names, swapWatch),
    observe: async (_source, names) => await observe(names),
    cloneBeside: async (source, name, ctx) => {
      const live = await existingPath(source)
      requireOurs(live, name)
      return await cloneFile(tools, { live, name, requireUnused: swapWatch.requireUnused }, ctx)
    },
    canClone: async (source) => await canClone(source),
    drop: async (source, name) => {
      requireOurs(plannedPath(source), name)
      await removePartial(name)
      await removeFile(name)
    },
    endSessions: async (source, operationId) => {
      await removeLeftovers(tools.scratchDirectory, operationId)
      await removePartialOf(source, operationId)
      return 0
    },
    tables: createTableRestore(tools),
    scratch: async (source, request, use, ctx) =>
      await withPrivateDirectory(
        request.directory,
        ctx.operationId,
        async (directory) => await use({ engine: "sqlite", name: source.name, place: { path: join(directory, "scratch.db") } }, ctx),
      ),
  }
}

async function inspect(tools: SqliteTools, source: SqliteSource, ctx: RunContext): Promise<DatabaseInspection> {
  const path = await existingPath(source)
  return await readable(tools, path, ctx, async (readablePath) => {
    const answer = await runJob(tools, { kind: "inspect", path: readablePath, busyTimeoutMs: tools.busyTimeoutMs }, ctx)
    if (answer.kind !== "inspect") return answer
    return {
      engineVersion: answer.engineVersion,
      sizeBytes: await sizeWithSides(path),
      access: readablePath === path ? "vacuum-into" : "copy",
      toolVersion: toolVersionOf(answer.engineVersion),
      canSwap: await canSwap(path),
    }
  })
}

async function canSwap(path: string): Promise<DatabaseInspection["canSwap"]> {
  if (await isMountPoint(path)) return { allowed: false, why: `${path} is a mount point of its own and cannot be renamed` }
  const writable = await access(dirname(path), constants.W_OK).then(
    () => true,
    () => false,
  )
  return writable ? { allowed: true } : { allowed: false, why: `directory ${dirname(path)} is not writable` }
}

async function canClone(source: SqliteSource): Promise<{ possible: boolean; why: string; sizeBytes: number }> {
  const path = await existingPath(source)
  const sizeBytes = await sizeWithSides(path)
  const swap = await canSwap(path)
  if (!swap.allowed) return { possible: false, why: swap.why, sizeBytes }
  try {
    await requireSpace(dirname(path), sizeBytes, `copying ${path}`)
    return { possible: true, why: "", sizeBytes }
  } catch (thrown) {
    if (!isHoldfastError(thrown, "SPACE_MISSING")) throw thrown
    return { possible: false, why: thrown.message, sizeBytes }
  }
}

/** Where the directory itself is not to be had, there is no copy in it either. */
async function removePartialOf(source: SqliteSource, operationId: string): Promise<void> {
  const live = tryPlannedPath(source)
  if (live !== null) await removePartial(replacementNames(live, operationId).kept)
}

function tryPlannedPath(source: SqliteSource): string | null {
  try {
    return plannedPath(source)
  } catch (thrown) {
    if (isHoldfastError(thrown)) return null
    throw thrown
  }
}

async function facts(
  tools: SqliteTools,
  source: SqliteSource,
  name: string | null,
  schema: SchemaQueries | null,
  ctx: RunContext,
): Promise<DatabaseFacts> {
  return await readable(tools, await pathOf(source, name), ctx, async (path) => {
    const answer = await runJob(tools, { kind: "facts", path, busyTimeoutMs: tools.busyTimeoutMs, schema, integrity: false }, ctx)
    return answer.kind === "facts" ? factsOf(answer.description) : answer
  })
}

async function query(
  tools: SqliteTools,
  source: SqliteSource,
  name: string | null,
  sql: string,
  ctx: RunContext,
): Promise<readonly (readonly (string | null)[])[]> {
  return await readable(tools, await pathOf(source, name), ctx, async (path) => {
    const answer = await runJob(tools, { kind: "query", path, busyTimeoutMs: tools.busyTimeoutMs, sql }, ctx)
    return answer.kind === "query" ? answer.rows : answer
  })
}

async function pathOf(source: SqliteSource, name: string | null): Promise<string> {
  if (name === null) return await existingPath(source)
  requireOurs(plannedPath(source), name)
  if (await exists(name)) return name
  throw new HoldfastError("DATABASE_MISSING", { what: `database file ${name} does not exist`, hint: "Restore the database again." })
}

async function sessionsOn(path: string): Promise<readonly Session[]> {
  return await openersOf([path, ...SIDE_ENDINGS.map((ending) => path + ending)])
}

async function swapIn(tools: SqliteTools, source: SqliteSource, names: ReplacementNames, ctx: RunContext): Promise<void> {
  if (names.live !== plannedPath(source))
    throw new HoldfastError("PLAN_STALE", { what: `${names.live} is no longer where ${source.name} lies` })
  if (await exists(names.staged)) {
    const answer = await runJob(tools, { kind: "settle-copy", path: names.staged, busyTimeoutMs: tools.busyTimeoutMs }, ctx)
    if (answer.kind !== "done") throw unexpectedAnswer(names.staged, answer)
    if (await exists(names.live)) await adoptOwnership(names.staged, names.live, null)
  }
  await swapFileIn(names, swapWatch)
}

const swapWatch: SwapWatch = {
  requireUnused: async (paths) => {
    const sessions = (await Promise.all(paths.map(sessionsOn))).flat()
    if (sessions.length === 0) return
    const who = sessions.map((session) => `${session.program} (${session.address})`).join(", ")
    throw new HoldfastError("DATABASE_IN_USE", { what: `${paths.join(", ")} is open in ${who}`, details: { sessions } })
  },
}

async function observe(names: ReplacementNames): Promise<{ live: boolean; staged: boolean; kept: boolean; failed: boolean }> {
  const [live, staged, kept, failed] = await Promise.all([names.live, names.staged, names.kept, names.failed].map(exists))
  return { live: live === true, staged: staged === true, kept: kept === true, failed: failed === true }
}
