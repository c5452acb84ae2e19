import { lstat } from "node:fs/promises"
import type { App } from "../app/app.ts"
import { surveyTree } from "../app/tree/survey.ts"
import { isHoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { KeptRecord } from "../operation/ports.ts"
import { keptStateOf } from "./kept.ts"
import { databaseSource, type Replacement } from "./replacement.ts"
import type { RestoreTools } from "./ports.ts"

/** Bytes that releasing a kept state would free; null where part of it cannot be measured (a server that does not answer). */
export async function keptBytes(tools: RestoreTools, app: App, record: KeptRecord, ctx: RunContext): Promise<number | null> {
  try {
    const sizes = await Promise.all(keptStateOf(record).replacements.map(async (one) => await sizeOf(tools, app, one, ctx)))
    return sizes.reduce((sum, size) => sum + size, 0)
  } catch (thrown) {
    if (!isHoldfastError(thrown)) throw thrown
    ctx.log.debug("kept state not measured", { operation: record.operationId, code: thrown.code })
    return null
  }
}

async function sizeOf(tools: RestoreTools, app: App, replacement: Replacement, ctx: RunContext): Promise<number> {
  if (replacement.kind === "image") return 0
  if (replacement.kind === "file") return await bytesAt(replacement.swap.kept)
  if (replacement.kind === "tree") {
    const there = await lstat(replacement.swap.kept).catch(() => null)
    return there === null ? 0 : (await surveyTree(replacement.swap.kept, { exclude: [] }, ctx)).allocatedBytes
  }
  const source = databaseSource(app, replacement.source)
  const { kept } = replacement.names
  if (source.engine !== "postgres") return await bytesAt(kept)
  // The kept database is closed to connections, so the live one is asked about it.
  const name = `'${kept.replaceAll("'", "''")}'`
  const sql = `SELECT pg_catalog.pg_database_size(oid)::text FROM pg_catalog.pg_database WHERE datname = ${name}`
  const rows = await tools.databases.for(source).query(source, null, sql, ctx)
  return Number(rows[0]?.[0] ?? 0)
}

async function bytesAt(path: string): Promise<number> {
  return (await lstat(path).catch(() => null))?.size ?? 0
}
