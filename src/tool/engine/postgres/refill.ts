/**
 * Empties the live database and fills it again from a dump: the way back for a role that may make no database beside it, and where there is
 * no room for one. The database itself, with its owner, settings and grants, stays.
 */
import type { PostgresSource } from "../../../app/app.ts"
import type { DatabaseFacts, DumpSource, SchemaQueries } from "../../../app/ports.ts"
import { isHoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Access } from "./access.ts"
import { factsOf } from "./facts.ts"
import { restoreError } from "./failure.ts"
import { column, withSession, type SqlSession } from "./session.ts"
import { endSessionsOn } from "./swap.ts"

/** Objects of the application live in these. */
const SCHEMAS = `SELECT oid, nspname, nspowner FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'`
/** The first id that no part of the server itself has. */
const FIRST_OWN = 16_384

/** A role that this one is a member of is not enough: giving an object to it asks for rights that the owner may have lost. */
const MINE = (owner: string): string => `(SELECT r.rolsuper OR r.oid = ${owner} FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)`

/** What could not be dropped by this role, or would not come back from its dump. In words. */
const OBSTACLES = `
WITH s AS (${SCHEMAS}), obstacles(what) AS (
  SELECT 'extension ' || extname FROM pg_catalog.pg_extension WHERE oid >= ${FIRST_OWN}
  UNION ALL SELECT 'event trigger ' || evtname FROM pg_catalog.pg_event_trigger
  UNION ALL SELECT 'publication ' || pubname FROM pg_catalog.pg_publication
  UNION ALL SELECT 'foreign server ' || srvname FROM pg_catalog.pg_foreign_server
  UNION ALL SELECT 'language ' || lanname FROM pg_catalog.pg_language WHERE oid >= ${FIRST_OWN}
  UNION ALL SELECT 'default privileges of role ' || pg_catalog.pg_get_userbyid(defaclrole) FROM pg_catalog.pg_default_acl WHERE NOT ${MINE("defaclrole")}
  UNION ALL SELECT 'operator class ' || opcname FROM pg_catalog.pg_opclass o JOIN s ON s.oid = o.opcnamespace AND s.nspname = 'public'
  UNION ALL SELECT 'operator ' || o.oid::pg_catalog.regoperator FROM pg_catalog.pg_operator o JOIN s ON s.oid = o.oprnamespace AND s.nspname = 'public'
  UNION ALL SELECT 'collation ' || collname FROM pg_catalog.pg_collation c JOIN s ON s.oid = c.collnamespace AND s.nspname = 'public'
  UNION ALL SELECT 'text search configuration ' || cfgname FROM pg_catalog.pg_ts_config c JOIN s ON s.oid = c.cfgnamespace AND s.nspname = 'public'
  UNION ALL SELECT 'text search dictionary ' || dictname FROM pg_catalog.pg_ts_dict d JOIN s ON s.oid = d.dictnamespace AND s.nspname = 'public'
  UNION ALL SELECT 'schema ' || nspname || ', which is another role''s' FROM s WHERE nspname <> 'public' AND NOT ${MINE("nspowner")}
  UNION ALL SELECT 'schema ' || nspname || ', in which nothing may be made' FROM s WHERE NOT pg_catalog.has_schema_privilege(oid, 'CREATE')
  UNION ALL SELECT 'schema ' || nspname || ', which may not be made again' FROM s
    WHERE nspname <> 'public' AND NOT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
  UNION ALL SELECT c.oid::pg_catalog.regclass || ', which is another role''s' FROM pg_catalog.pg_class c JOIN s ON s.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND NOT ${MINE("c.relowner")}
  UNION ALL SELECT p.oid::pg_catalog.regprocedure || ', which is another role''s' FROM pg_catalog.pg_proc p JOIN s ON s.oid = p.pronamespace
    WHERE NOT ${MINE("p.proowner")}
  UNION ALL SELECT t.oid::pg_catalog.regtype || ', which is another role''s' FROM pg_catalog.pg_type t JOIN s ON s.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd', 'r') AND NOT ${MINE("t.typowner")}
  UNION ALL SELECT 'large object ' || oid || ', which is another role''s' FROM pg_catalog.pg_largeobject_metadata
    WHERE NOT ${MINE("lomowner")})
SELECT what FROM obstacles ORDER BY 1 LIMIT 4`

const SHOWN = 3

/** Whether this role could empty the database and fill it from its own dump. Asks in a session on the database itself; changes nothing. */
export async function canRefill(session: SqlSession): Promise<{ readonly possible: boolean; readonly why: string }> {
  const found = await column(session, OBSTACLES)
  if (found.length === 0) return { possible: true, why: "" }
  const more = found.length > SHOWN ? " and more" : ""
  return { possible: false, why: `it holds what could not be put back: ${found.slice(0, SHOWN).join("; ")}${more}` }
}

/**
 * Each statement for itself: one transaction over thousands of tables exhausts the server's lock table, and what was dropped gives its
 * room back at once. Done again after a crash it begins anew; nobody but us may use the database meanwhile.
 * Throws DATABASE_IN_USE, DATABASE_RIGHTS_MISSING, DATABASE_RESTORE_FAILED, DUMP_TRUNCATED, DUMP_DAMAGED.
 */
export async function refill(
  access: Access,
  source: PostgresSource,
  dump: DumpSource,
  schema: SchemaQueries | null,
  ctx: RunContext,
): Promise<DatabaseFacts> {
  const onDatabase = async (): Promise<SqlSession> => await access.connect(source.database, ctx)
  await withSession(onDatabase, async (session) => await empty(session, source.database, ctx))
  const args = ["--format=custom", "--exit-on-error", "--no-tablespaces"]
  const ending = await access.tools.run({ program: "pg_restore", args, database: source.database, stdin: dump }, ctx)
  if (ending.exitCode !== 0) throw restoreError(ending, "DATABASE_RESTORE_FAILED", `the dump could not be put back into ${source.database}`)
  return await withSession(onDatabase, async (session) => {
    const facts = await factsOf(session, access.serverVersion, schema, ctx.signal)
    await session.rows("ANALYZE")
    return facts
  })
}

/** Somebody who holds on to a table ends the wait, not the other way round. */
const LOCK_WAIT = "60s"

async function empty(session: SqlSession, database: string, ctx: RunContext): Promise<void> {
  await endSessionsOn(session, [database])
  await session.rows(`SET lock_timeout = '${LOCK_WAIT}'`)
  await dropExtensions(session, ctx)
  for (const statements of [OTHER_SCHEMAS, RELATIONS, ROUTINES, TYPES, LARGE_OBJECTS]) {
    for (const statement of await column(session, statements)) {
      ctx.signal.throwIfAborted()
      await session.rows(statement)
    }
  }
}

/** There was none when the update was planned; one that the new version made and this role may not drop does no harm. */
async function dropExtensions(session: SqlSession, ctx: RunContext): Promise<void> {
  const named = `SELECT pg_catalog.quote_ident(extname) FROM pg_catalog.pg_extension WHERE oid >= ${FIRST_OWN}`
  for (const name of await column(session, named)) {
    try {
      await session.rows(`DROP EXTENSION IF EXISTS ${name} CASCADE`)
    } catch (thrown) {
      if (!isHoldfastError(thrown, "DATABASE_RIGHTS_MISSING")) throw thrown
      ctx.progress.warn(`extension ${name}, which the new version made, stays: ${thrown.why ?? "no right"}`)
    }
  }
}

const OTHER_SCHEMAS = `SELECT pg_catalog.format('DROP SCHEMA IF EXISTS %I CASCADE', nspname) FROM (${SCHEMAS}) s WHERE nspname <> 'public' ORDER BY 1`

/** What belongs to an extension that stays is not ours to drop. */
const NOT_OF_EXTENSION = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass AND d.objid = ${oid} AND d.deptype = 'e')`

const RELATIONS = `
SELECT pg_catalog.format('DROP %s IF EXISTS %s CASCADE', CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
         WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, c.oid::pg_catalog.regclass)
FROM pg_catalog.pg_class c WHERE c.relnamespace = pg_catalog.to_regnamespace('public') AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  AND ${NOT_OF_EXTENSION("pg_class", "c.oid")} ORDER BY c.relkind = 'S', 1`

const ROUTINES = `
SELECT pg_catalog.format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::pg_catalog.regprocedure)
FROM pg_catalog.pg_proc p WHERE p.pronamespace = pg_catalog.to_regnamespace('public') AND ${NOT_OF_EXTENSION("pg_proc", "p.oid")} ORDER BY 1`

/** Enumerations, domains, ranges, and composite types that are no table's. */
const TYPES = `
SELECT pg_catalog.format('DROP TYPE IF EXISTS %s CASCADE', t.oid::pg_catalog.regtype)
FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
WHERE t.typnamespace = pg_catalog.to_regnamespace('public') AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
  AND ${NOT_OF_EXTENSION("pg_type", "t.oid")} ORDER BY 1`

const LARGE_OBJECTS = `SELECT pg_catalog.format('SELECT pg_catalog.lo_unlink(%s)', oid) FROM pg_catalog.pg_largeobject_metadata ORDER BY 1`
