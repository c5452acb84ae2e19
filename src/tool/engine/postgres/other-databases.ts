import type { OtherDatabase } from "../../../app/ports.ts"
import type { SqlSession } from "./session.ts"
import { isBeside } from "./names.ts"

/** `postgres` is made with every server: one that is hardly larger than what new ones are copied from holds nothing of anybody's. */
const OTHERS = `
SELECT d.datname, CASE WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT') THEN pg_catalog.pg_database_size(d.oid) END,
       d.datname = 'postgres' AND pg_catalog.has_database_privilege(d.oid, 'CONNECT')
       AND pg_catalog.pg_database_size(d.oid) < pg_catalog.pg_database_size('template1') + 262144
FROM pg_catalog.pg_database d
WHERE NOT d.datistemplate AND d.datallowconn AND d.datname <> pg_catalog.current_database() ORDER BY 1`

/** Others on the same server, without those that Holdfast keeps beside live ones. */
export async function otherDatabases(session: SqlSession): Promise<readonly OtherDatabase[]> {
  const rows = await session.rows(OTHERS)
  return rows.flatMap(([name, size, isEmpty]) =>
    name === null || name === undefined || isEmpty === "t" || isBeside(name)
      ? []
      : [{ name, sizeBytes: size === null || size === undefined ? null : Number(size) }],
  )
}
