import type { App } from "../app/app.ts"
import type { DatabaseEngine, StagedDatabase } from "../app/ports.ts"
import { schemaQueries } from "../app/schema-queries.ts"
import type { TableRestore } from "../app/table-ports.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { differingFacts } from "../recovery-point/facts.ts"
import type { ChosenTables } from "./choose-tables.ts"
import type { RestoreTools } from "./ports.ts"
import { databaseSource, type Replacement } from "./replacement.ts"
import { requireSameFacts, stageDump, type Origin } from "./stage.ts"

/** How an engine restores single tables. Throws TABLE_NOT_REPLACEABLE for one that cannot tell them apart. */
export function tablesOf(engine: DatabaseEngine, part: string): TableRestore {
  if (engine.tables !== undefined) return engine.tables
  throw new HoldfastError("TABLE_NOT_REPLACEABLE", {
    what: `${part} has no tables that Holdfast could tell apart`,
    why: "it is dumped and loaded by commands",
    hint: "Restore the whole database.",
  })
}

/**
 * Lays beside the live database a copy of it in which the chosen tables hold the rows of the point; it is then swapped in like a whole
 * restored database. The point itself is laid out first, whole, where a failed state would go, and its facts are compared.
 * Throws TABLE_NOT_REPLACEABLE, REFERENCES_BROKEN, DATABASE_IN_USE, DATABASE_FACTS_DIFFER.
 */
export async function stageTables(
  tools: RestoreTools,
  app: App,
  origin: Origin,
  { part, tables }: ChosenTables,
  replacement: Extract<Replacement, { kind: "database" }>,
  ctx: RunContext,
): Promise<void> {
  const source = databaseSource(app, part.name)
  const engine = tools.databases.for(source)
  const { merge } = tablesOf(engine, part.part)
  const schema = schemaQueries(app, source)
  const { staged, failed: from } = replacement.names
  try {
    requireSameFacts(part, (await stageDump(tools.databases, origin, part, { source, name: from, schema }, ctx)).facts)
    const merged = await merge(source, { from, into: staged, tables, schema }, ctx)
    const live = await engine.facts(source, null, null, ctx)
    requireRows(part.part, merged, { ...live.rows, ...rowsOf(part.facts.rows, tables) })
  } finally {
    await engine.drop(source, from, ctx)
  }
}

function rowsOf(rows: Readonly<Record<string, number>>, tables: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(tables.map((table) => [table, rows[table] ?? 0]))
}

/** Chosen tables as in the point, all others as they are now; anything else means that somebody wrote meanwhile, and would lose it. */
function requireRows(part: string, merged: StagedDatabase, wanted: Readonly<Record<string, number>>): void {
  const differences = differingFacts({ ...merged.facts, rows: wanted }, merged.facts)
  if (differences.length === 0) return
  throw new HoldfastError("DATABASE_FACTS_DIFFER", {
    what: `${part} was written to while its tables were restored`,
    why: differences.slice(0, 10).join("; "),
    hint: "Stop whatever writes to it, then run it again.",
  })
}
