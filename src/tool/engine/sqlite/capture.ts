import { join } from "node:path"
import type { SqliteSource } from "../../../app/app.ts"
import {
  emptyShape,
  type DatabaseCapture,
  type DatabaseFacts,
  type DatabaseShape,
  type DumpSink,
  type SchemaQueries,
} from "../../../app/ports.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { copyWithLog } from "./cold-copy.ts"
import type { Answer, Description } from "./job.ts"
import { readOwnership } from "./ownership.ts"
import { requireSpace, withPrivateDirectory } from "./private-directory.ts"
import { failureError, runJob, unexpectedAnswer, type ChildTools } from "./run-job.ts"
import { existingPath, sizeWithSides } from "./source-file.ts"
import { sendFile } from "./stream.ts"

export interface SqliteTools extends ChildTools {
  /** Private copies are made here, on this machine. */
  readonly scratchDirectory: string
  readonly busyTimeoutMs: number
}

type Captured = Extract<Answer, { kind: "capture" }>

/** Captures a live database: a private copy of one moment, checked, described, then sent into the sink (design §5). */
export async function capture(
  tools: SqliteTools,
  source: SqliteSource,
  sink: DumpSink,
  schema: SchemaQueries | null,
  ctx: RunContext,
): Promise<DatabaseCapture> {
  const path = await existingPath(source)
  return await withPrivateDirectory(tools.scratchDirectory, ctx.operationId, async (directory) => {
    await requireSpace(directory, await sizeWithSides(path), `capturing ${source.name}`)
    const target = join(directory, "capture.db")
    const snapshotAt = ctx.clock.now()
    const { captured, access } = await captureOrCopy(tools, path, directory, target, schema, ctx)
    refuseDamaged(path, captured.description)
    await sendFile(tools.processes, target, sink, ctx)
    return {
      facts: factsOf(captured.description),
      shape: shapeOf({ ...captured.description.pragmas, ...(await readOwnership(path)) }),
      access,
      toolVersion: toolVersionOf(captured.description.engineVersion),
      snapshotAt,
      warnings: captured.description.warnings,
    }
  })
}

async function captureOrCopy(
  tools: SqliteTools,
  path: string,
  directory: string,
  target: string,
  schema: SchemaQueries | null,
  ctx: RunContext,
): Promise<{ captured: Captured; access: string }> {
  const busyTimeoutMs = tools.busyTimeoutMs
  const direct = await runJob(tools, { kind: "capture", path, target, busyTimeoutMs, schema }, ctx)
  if (direct.kind === "capture") return { captured: direct, access: direct.access }
  if (direct.kind !== "failure" || direct.failure !== "needs-copy") throw unexpectedAnswer(path, direct)
  await requireSpace(directory, 2 * (await sizeWithSides(path)), `capturing ${path} from a copy`)
  const copy = await copyWithLog(tools, path, directory, busyTimeoutMs, ctx)
  const answer = await runJob(tools, { kind: "capture", path: copy, target, busyTimeoutMs, schema }, ctx)
  if (answer.kind === "capture") return { captured: answer, access: "copy" }
  throw answer.kind === "failure" ? failureError(path, answer) : unexpectedAnswer(path, answer)
}

/** A damaged source never becomes a point: the older points are worth more. */
export function refuseDamaged(path: string, description: Description): void {
  if (description.damage.length === 0) return
  throw new HoldfastError("SQLITE_DAMAGED", {
    what: `${path} is damaged: integrity_check did not say ok`,
    why: description.damage.join("\n"),
    details: { damage: description.damage },
  })
}

export function factsOf(description: Description): DatabaseFacts {
  const { engineVersion, schemaVersion, migrations, rows, sizeBytes } = description
  return { engine: "sqlite", engineVersion, schemaVersion, migrations, rows, sizeBytes }
}

export function toolVersionOf(engineVersion: string): string {
  return `node:sqlite ${engineVersion}`
}

function shapeOf(pragmas: Readonly<Record<string, string>>): DatabaseShape {
  return { ...emptyShape, encoding: pragmas["encoding"] ?? null, pragmas }
}
