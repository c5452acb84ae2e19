/** Reads everything about a database that `pg_dump` leaves out: owner, locale, settings, grants, comment, roles (F46). */
import { z } from "zod"
import type { DatabaseShape } from "../../../app/ports.ts"
import { scalar, type SqlSession } from "./session.ts"

const PROVIDERS: Readonly<Record<string, string>> = { c: "libc", i: "icu", b: "builtin", d: "libc" }

/** Columns that differ between versions: `datlocprovider` from 15, `daticulocale` in 15 and 16, `datlocale` from 17. */
const databaseRow = z.object({
  datcollate: z.string(),
  datctype: z.string(),
  datconnlimit: z.number(),
  datlocprovider: z.string().optional(),
  daticulocale: z.string().nullish(),
  datlocale: z.string().nullish(),
  datcollversion: z.string().nullish(),
})

const shapeRow = z.object({
  database: databaseRow,
  owner: z.string(),
  encoding: z.string(),
  comment: z.string().nullable(),
  settings: z.array(z.string()),
  grants: z.array(z.string()),
  extensions: z.array(z.object({ name: z.string(), version: z.string() })),
  roles: z.array(z.object({ name: z.string(), attributes: z.array(z.string()), memberOf: z.array(z.string()) })),
})

export async function readShape(session: SqlSession): Promise<DatabaseShape> {
  const text = await scalar(session, SHAPE)
  const { database, ...rest } = shapeRow.parse(JSON.parse(text ?? "null"))
  return {
    ...rest,
    localeProvider: PROVIDERS[database.datlocprovider ?? "c"] ?? "libc",
    collate: database.datcollate,
    ctype: database.datctype,
    icuLocale: database.datlocale ?? database.daticulocale ?? null,
    collationVersion: database.datcollversion ?? null,
    connectionLimit: database.datconnlimit,
    pragmas: {},
  }
}

/**
 * Roles that own or are granted something in this database, and what they are members of. `pg_shdepend` does not list the
 * first superuser (oid 10), which in the official image is the application's own role.
 */
const SHAPE = `
WITH RECURSIVE d AS (SELECT * FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()),
named(oid) AS (
  SELECT s.refobjid FROM pg_catalog.pg_shdepend s, d
  WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
    AND (s.dbid = d.oid OR (s.classid = 'pg_catalog.pg_database'::pg_catalog.regclass AND s.objid = d.oid))
  UNION SELECT d.datdba FROM d
  UNION SELECT c.relowner FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  UNION SELECT s.setrole FROM pg_catalog.pg_db_role_setting s, d WHERE s.setdatabase = d.oid AND s.setrole <> 0
  UNION SELECT m.roleid FROM named JOIN pg_catalog.pg_auth_members m ON m.member = named.oid
)
SELECT pg_catalog.json_build_object(
  'database', (SELECT pg_catalog.to_json(d) FROM d),
  'owner', (SELECT pg_catalog.pg_get_userbyid(datdba) FROM d),
  'encoding', (SELECT pg_catalog.pg_encoding_to_char(encoding) FROM d),
  'comment', (SELECT pg_catalog.shobj_description(d.oid, 'pg_database') FROM d),
  'settings', (SELECT coalesce(pg_catalog.json_agg(coalesce(r.rolname || ':', '') || item ORDER BY r.rolname COLLATE "C" NULLS FIRST, item COLLATE "C"), '[]')
     FROM d JOIN pg_catalog.pg_db_role_setting s ON s.setdatabase = d.oid
     LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole, pg_catalog.unnest(s.setconfig) item),
  'grants', (SELECT coalesce(pg_catalog.json_agg(item::text ORDER BY item::text COLLATE "C"), '[]') FROM d, pg_catalog.unnest(d.datacl) item),
  'extensions', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('name', extname, 'version', extversion) ORDER BY extname COLLATE "C"), '[]')
     FROM pg_catalog.pg_extension),
  'roles', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
      'name', r.rolname,
      'attributes', pg_catalog.array_remove(ARRAY[
        CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolcanlogin THEN 'LOGIN' END,
        CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END, CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
        CASE WHEN r.rolreplication THEN 'REPLICATION' END, CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END,
        CASE WHEN NOT r.rolinherit THEN 'NOINHERIT' END], NULL),
      'memberOf', (SELECT coalesce(pg_catalog.json_agg(g.rolname ORDER BY g.rolname COLLATE "C"), '[]')
         FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid)
    ) ORDER BY r.rolname COLLATE "C"), '[]')
     FROM pg_catalog.pg_roles r WHERE r.oid IN (SELECT oid FROM named) AND r.rolname NOT LIKE 'pg\\_%')
)`
