/** What a database says of itself: exact row counts, schema version, size. */
import type { DatabaseFacts, SchemaQueries } from "../../../app/ports.ts"
import { column, scalar, withAppSearchPath, type SqlSession } from "./session.ts"
import { listTables, type Table } from "./tables.ts"

/** Large objects are rows of the whole database, counted beside the tables. */
const LARGE_OBJECTS = "pg_catalog.pg_largeobject_metadata"

/** Facts as the session's present transaction sees them. */
export async function readFacts(
  session: SqlSession,
  serverVersion: string,
  schema: SchemaQueries | null,
  tables: readonly Table[],
  signal: AbortSignal,
): Promise<DatabaseFacts> {
  const rows = await countRows(session, tables, signal)
  const sizeBytes = Number(await scalar(session, "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())"))
  return { engine: "postgres", engineVersion: serverVersion, ...(await readSchema(session, schema)), rows, sizeBytes }
}

/** Facts in one read-only transaction of their own. */
export async function factsOf(
  session: SqlSession,
  serverVersion: string,
  schema: SchemaQueries | null,
  signal: AbortSignal,
): Promise<DatabaseFacts> {
  await session.rows("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
  const facts = await readFacts(session, serverVersion, schema, await listTables(session), signal)
  await session.rows("COMMIT")
  return facts
}

async function countRows(session: SqlSession, tables: readonly Table[], signal: AbortSignal): Promise<Readonly<Record<string, number>>> {
  const counts: [string, number][] = []
  for (const table of tables) {
    if (table.kind !== "r" || table.ofExtension) continue
    signal.throwIfAborted()
    counts.push([table.name, Number(await scalar(session, `SELECT pg_catalog.count(*) FROM ONLY ${table.sql}`))])
  }
  const largeObjects = Number(await scalar(session, `SELECT pg_catalog.count(*) FROM ${LARGE_OBJECTS}`))
  if (largeObjects > 0) counts.push([LARGE_OBJECTS, largeObjects])
  return Object.fromEntries(counts.toSorted(([left], [right]) => (left < right ? -1 : 1)))
}

async function readSchema(session: SqlSession, schema: SchemaQueries | null): Promise<Pick<DatabaseFacts, "schemaVersion" | "migrations">> {
  if (schema === null) return { schemaVersion: null, migrations: [] }
  return await withAppSearchPath(session, async () => ({
    schemaVersion: await scalar(session, schema.version),
    migrations: schema.list === null ? [] : await column(session, schema.list),
  }))
}
