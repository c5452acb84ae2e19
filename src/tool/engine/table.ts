import type { CommandSource, DatabaseSource, PostgresSource, SqliteSource } from "../../app/app.ts"
import type { DatabaseEngine, DatabaseEngines } from "../../app/ports.ts"

export interface EngineTable {
  readonly postgres: DatabaseEngine<PostgresSource>
  readonly sqlite: DatabaseEngine<SqliteSource>
  readonly command: DatabaseEngine<CommandSource>
}

/** The engines by name. A new engine is a row here and a folder beside this file. */
export function createEngineTable(table: EngineTable): DatabaseEngines {
  const named = (engine: DatabaseSource["engine"]): DatabaseEngine => asGeneral(table[engine])
  return { for: (source) => asGeneral(table[source.engine]), named }
}

/**
 * A source picks its own engine by its `engine` member, which the compiler cannot follow through a table; the one place
 * where that is stated instead of proven.
 */
function asGeneral<S extends DatabaseSource>(engine: DatabaseEngine<PostgresSource> | DatabaseEngine<SqliteSource> | DatabaseEngine<CommandSource>): DatabaseEngine<S> {
  return engine as unknown as DatabaseEngine<S>
}
