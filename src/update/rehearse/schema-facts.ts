import type { App, DatabaseSource } from "../../app/app.ts"
import type { DatabaseEngines, DatabaseFacts } from "../../app/ports.ts"
import { schemaQueries } from "../../app/schema-queries.ts"
import { isHoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { SchemaFacts } from "./schema-change.ts"

/** In the form of the tables' names in the facts, `schema.table`, with a column behind it. */
const POSTGRES_COLUMNS = `
SELECT n.nspname || '.' || c.relname || '.' || a.attname
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%' ORDER BY 1`

const SQLITE_COLUMNS = `
SELECT t.name || '.' || c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1`

export interface ObservedDatabase extends SchemaFacts {
  readonly facts: DatabaseFacts
}

/**
 * Tables, columns, rows and schema version of each database. Throws what the engine throws when one cannot be read.
 * @param sources where each database is now, by its name
 */
export async function observeSchemas(
  databases: DatabaseEngines,
  app: App,
  sources: Readonly<Record<string, DatabaseSource>>,
  ctx: RunContext,
): Promise<Readonly<Record<string, ObservedDatabase>>> {
  const observed: Record<string, ObservedDatabase> = {}
  for (const [name, source] of Object.entries(sources)) {
    // Of a database that only commands can dump nothing is known but its size.
    if (source.engine === "command") continue
    const engine = databases.for(source)
    const facts = await engine.facts(source, null, schemaQueries(app, source), ctx)
    const rows = await engine.query(source, null, source.engine === "postgres" ? POSTGRES_COLUMNS : SQLITE_COLUMNS, ctx)
    observed[name] = { facts, schemaVersion: facts.schemaVersion, rows: facts.rows, columns: rows.map(([column]) => column ?? "") }
  }
  return observed
}

/** The schema's version as the app's own database tells it now; null where no recipe says how to ask, or it cannot be asked. */
export async function schemaVersionNow(databases: DatabaseEngines, app: App, ctx: RunContext): Promise<string | null> {
  for (const source of app.databases) {
    const queries = source.engine === "command" ? null : schemaQueries(app, source)
    if (queries === null) continue
    try {
      const [row] = await databases.for(source).query(source, null, queries.version, ctx)
      return row?.[0] ?? null
    } catch (thrown) {
      ctx.signal.throwIfAborted()
      if (!isHoldfastError(thrown)) throw thrown
    }
  }
  return null
}
