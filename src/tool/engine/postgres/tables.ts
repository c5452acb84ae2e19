/** The tables of a database: all that a dump carries rows of. */
import { identifier } from "./quote.ts"
import type { SqlSession } from "./session.ts"

export interface Table {
  readonly oid: string
  /** As people and facts name it: `public.users`, quoted where SQL wants it. */
  readonly name: string
  /** For statements: always quoted. */
  readonly sql: string
  /** `r` table, `p` partitioned table (which has no rows of its own). */
  readonly kind: "r" | "p"
  /** Belongs to an extension that asked for its rows to be dumped; its rows are the extension's business, not counted. */
  readonly ofExtension: boolean
  /** Set when this session's snapshot shows another data file than the table has now. */
  readonly rewritten: boolean
}

const TABLES = `
SELECT c.oid, n.nspname, c.relname, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), c.relkind,
       e.objid IS NOT NULL,
       c.relkind = 'r' AND c.relfilenode IS DISTINCT FROM pg_catalog.pg_relation_filenode(c.oid)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_depend e ON e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e'
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND (e.objid IS NULL OR c.oid IN (SELECT pg_catalog.unnest(extconfig) FROM pg_catalog.pg_extension))
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`

export async function listTables(session: SqlSession): Promise<readonly Table[]> {
  const rows = await session.rows(TABLES)
  return rows.map(([oid, schema, relation, name, kind, ofExtension, rewritten]) => ({
    oid: oid ?? "",
    name: name ?? "",
    sql: `${identifier(schema ?? "")}.${identifier(relation ?? "")}`,
    kind: kind === "p" ? "p" : "r",
    ofExtension: ofExtension === "t",
    rewritten: rewritten === "t",
  }))
}
