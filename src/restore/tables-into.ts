import { mkdir, stat } from "node:fs/promises"
import type { App } from "../app/app.ts"
import type { DumpSource } from "../app/ports.ts"
import type { RunContext } from "../base/run-context.ts"
import type { DatabasePart } from "../recovery-point/manifest.ts"
import type { ChosenTables } from "./choose-tables.ts"
import { refuseLive, refuseOccupied, removeWritten, type WrittenPart } from "./into.ts"
import type { RestoreTools } from "./ports.ts"
import { databaseSource } from "./replacement.ts"
import { withDump, type Origin } from "./stage.ts"
import { tablesOf } from "./stage-tables.ts"

/**
 * Writes single tables of a point into a new or empty directory, touching nothing live: of PostgreSQL an SQL script for each (definition and
 * rows, without indexes, sequences and constraints), of SQLite a file with these tables alone.
 * Throws TARGET_NOT_EMPTY, TARGET_IS_LIVE, TABLE_NOT_REPLACEABLE, DATABASE_CLIENT_TOO_OLD.
 */
export async function restoreTablesInto(
  tools: RestoreTools,
  origin: Origin,
  app: App,
  chosen: readonly ChosenTables[],
  directory: string,
  ctx: RunContext,
): Promise<readonly WrittenPart[]> {
  await refuseLive(app, directory)
  await refuseOccupied(directory)
  const made = await mkdir(directory, { recursive: true, mode: 0o700 })
  try {
    const written: WrittenPart[] = []
    for (const one of chosen) {
      ctx.progress.step(`write ${one.tables.join(", ")} of ${one.part.part}`)
      for (const path of await writeTables(tools, origin, app, one, directory, ctx))
        written.push({ part: one.part.part, path, sizeBytes: (await stat(path)).size })
    }
    return written
  } catch (thrown) {
    await removeWritten(directory, made !== undefined)
    throw thrown
  }
}

async function writeTables(
  tools: RestoreTools,
  origin: Origin,
  app: App,
  { part, tables }: ChosenTables,
  directory: string,
  ctx: RunContext,
): Promise<readonly string[]> {
  const engine = tools.databases.for(databaseSource(app, part.name))
  const read = async <T>(use: (dump: DumpSource) => Promise<T>): Promise<T> => await withDump(origin, part, use, ctx)
  const made = { engineVersion: part.facts.engineVersion, image: imageOf(origin, part) }
  return await tablesOf(engine, part.part).write(read, { tables, directory, name: part.name, made }, ctx)
}

function imageOf(origin: Origin, part: DatabasePart): string | null {
  return origin.point.manifest.services.find((record) => record.service === part.source["service"])?.imageId ?? null
}
