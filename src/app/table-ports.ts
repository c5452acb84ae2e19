/** What restoring single tables asks of an engine that can tell tables apart. Names of tables are those of facts: `public.users`, `Message`. */
import type { RunContext } from "../base/run-context.ts"
import type { DatabaseSource } from "./app.ts"
import type { DumpSource, SchemaQueries, StagedDatabase } from "./database-ports.ts"

/** A foreign key of another table. */
export interface TableReference {
  readonly from: string
  readonly to: string
}

export interface TableMerge {
  /** A database of ours beside the live one that holds the point. */
  readonly from: string
  /** What is made: a copy of the live database in which the tables hold the rows of `from`. */
  readonly into: string
  readonly tables: readonly string[]
  readonly schema: SchemaQueries | null
}

export interface TableWriting {
  readonly tables: readonly string[]
  /** Where files are written; names begin with `name`. */
  readonly directory: string
  readonly name: string
  /** By which server the dump was made. */
  readonly made: { readonly engineVersion: string; readonly image: string | null }
}

export interface TableRestore<Source extends DatabaseSource = DatabaseSource> {
  /** Foreign keys of the live database that lead to these tables from tables that are not among them. */
  references(source: Source, tables: readonly string[], ctx: RunContext): Promise<readonly TableReference[]>
  /**
   * Copies the live database and replaces the tables' rows in the copy; nobody may be connected to the live one, which is not changed.
   * Triggers do not run, and sequences never go back. Every foreign key is checked again.
   * Throws TABLE_NOT_REPLACEABLE (columns that differ, partitions, virtual tables) and REFERENCES_BROKEN; what was begun is removed then.
   */
  merge(source: Source, merge: TableMerge, ctx: RunContext): Promise<StagedDatabase>
  /** Removes every other table of a database of ours, and what depends on them. Throws TABLE_NOT_REPLACEABLE for a partition. */
  keepOnly(source: Source, name: string, tables: readonly string[], ctx: RunContext): Promise<void>
  /** Writes tables of a dump as files that the engine's own tools read; no server is needed. Returns their paths. `read` may be called once for each table. */
  write(read: DumpReader, writing: TableWriting, ctx: RunContext): Promise<readonly string[]>
}

/** Gives `use` the dump from its beginning. */
export type DumpReader = <T>(use: (dump: DumpSource) => Promise<T>) => Promise<T>
