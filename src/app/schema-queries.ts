import type { App, DatabaseSource } from "./app.ts"
import type { SchemaQueries } from "./ports.ts"

/** The recipe's queries for this database's schema version, null when the app is not known or its recipe asks another database. */
export function schemaQueries(app: App, source: DatabaseSource): SchemaQueries | null {
  const queries = app.recipe?.schemaVersion
  if (queries === undefined || queries.database !== source.name) return null
  return { version: queries.query, list: queries.list ?? null }
}
