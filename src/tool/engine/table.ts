import type { CommandSource, DatabaseSource, PostgresSource, SqliteSource } from "../../app/app.ts"
import type { DatabaseEngine, DatabaseEngines } from "../../app/ports.ts"

export interface EngineTable {
  readonly postgres: DatabaseEngine<PostgresSource>
  readonly sqlite: DatabaseEngine<SqliteSource>
  readonly command: DatabaseEngine<CommandSource>
}

/** The engines by name. A new engine is a row here and a folder beside this file. */
export function createEngineTable(table: EngineTable): DatabaseEngines {
  function engineFor<S extends DatabaseSource>(source: S): DatabaseEngine<S>
  function engineFor(source: DatabaseSource): DatabaseEngine {
    return table[source.engine]
  }
  return { for: engineFor, named: (engine) => table[engine] }
}
