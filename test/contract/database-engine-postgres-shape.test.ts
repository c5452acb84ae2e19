import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startCluster, type Cluster } from "../fixture/postgres/cluster.ts"
import { engineBench, type EngineBench } from "../fixture/postgres/engine.ts"

/** Everything that a dump or a rename could lose (F46, F49), in one database with an odd name. */
const ODD = `odd "name" host=evil 'q'`
const OBJECTS = [
  `CREATE ROLE app_owner LOGIN CREATEDB PASSWORD 'x'`,
  `CREATE ROLE readers NOLOGIN`,
  `CREATE ROLE "Weird:Role" LOGIN IN ROLE readers`,
]
const CONTENT = [
  `CREATE EXTENSION hstore`,
  `CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "fine"')`,
  `CREATE SCHEMA "Weird Schema"`,
  `CREATE TABLE "Weird Schema"."weird ""Name""" (id int PRIMARY KEY, feeling mood, tags text[], doc jsonb, extra hstore, bytes bytea)`,
  `INSERT INTO "Weird Schema"."weird ""Name""" SELECT n, 'it''s "fine"', ARRAY['a,b', NULL, '"'], '{"k": [1, null, "é\\u0001"]}', 'a=>1', '\\x00ff0a' FROM generate_series(1, 20) n`,
  `CREATE TABLE orders (id bigserial PRIMARY KEY, net numeric(10, 2), gross numeric GENERATED ALWAYS AS (net * 1.2) STORED, placed date NOT NULL)`,
  `INSERT INTO orders (net, placed) SELECT n, date '2026-01-01' + n FROM generate_series(1, 30) n`,
  `SELECT setval('orders_id_seq', 4711)`,
  `CREATE TABLE events (at timestamptz NOT NULL, what text) PARTITION BY RANGE (at)`,
  `CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`,
  `CREATE TABLE events_rest PARTITION OF events DEFAULT`,
  `INSERT INTO events SELECT timestamptz '2026-06-01' + n * interval '100 days', 'e' || n FROM generate_series(0, 9) n`,
  `CREATE UNLOGGED TABLE sessions (token text)`,
  `INSERT INTO sessions VALUES ('one'), ('two')`,
  `CREATE TABLE secrets (id int, owner text)`,
  `INSERT INTO secrets SELECT n, 'user' || n % 3 FROM generate_series(1, 9) n`,
  `ALTER TABLE secrets ENABLE ROW LEVEL SECURITY`,
  `CREATE POLICY own ON secrets USING (owner = current_user)`,
  `GRANT SELECT ON secrets TO readers`,
  `CREATE TABLE audit (what text)`,
  `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.audit VALUES (TG_OP); RETURN NEW; END $$`,
  `CREATE TRIGGER orders_audit AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION note()`,
  `CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM orders`,
  `CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing`,
  `CREATE FOREIGN TABLE remote (id int) SERVER elsewhere`,
  `SELECT lo_from_bytea(0, decode(repeat('00ff', 5000), 'hex'))`,
  `SELECT lo_from_bytea(0, 'second')`,
]

/** What a person would compare after a restore, as one text for each thing. */
const LOOKS: Readonly<Record<string, string>> = {
  weird: `SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM "Weird Schema"."weird ""Name""" t`,
  orders: `SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM orders t`,
  sequence: `SELECT last_value || ' ' || is_called FROM orders_id_seq`,
  partitions: `SELECT string_agg(tableoid::regclass || ' ' || what, ',' ORDER BY what) FROM events`,
  unlogged: `SELECT relpersistence || (SELECT count(*) FROM sessions) FROM pg_class WHERE relname = 'sessions'`,
  policies: `SELECT string_agg(polname || pg_get_expr(polqual, polrelid), ',') FROM pg_policy`,
  tableGrants: `SELECT relacl::text FROM pg_class WHERE relname = 'secrets'`,
  triggers: `SELECT string_agg(tgname, ',') FROM pg_trigger WHERE NOT tgisinternal`,
  audit: `SELECT count(*) FROM audit`,
  totals: `SELECT n FROM totals`,
  foreign: `SELECT count(*) FROM pg_class WHERE relkind = 'f'`,
  largeObjects: `SELECT string_agg(md5(lo_get(oid)), ',' ORDER BY md5(lo_get(oid))) FROM pg_largeobject_metadata`,
  settings: `SELECT string_agg(coalesce(setrole::regrole::text, '-') || array_to_string(setconfig, '|'), ';' ORDER BY setrole::regrole::text) FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  shape: `SELECT concat_ws(' ', pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datlocprovider, datcollate, datctype, daticulocale, datconnlimit, (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(datacl) a), shobj_description(oid, 'pg_database')) FROM pg_database WHERE datname = current_database()`,
  searchPath: `SELECT current_setting('search_path')`,
}

describe("PostgreSQL brings a whole database back", () => {
  let cluster: Cluster
  let bench: EngineBench
  const odd = `"${ODD.replaceAll('"', '""')}"`

  beforeAll(async () => {
    cluster = await startCluster()
    bench = await engineBench()
    await cluster.sql("postgres", ...OBJECTS)
    await cluster.sql(
      "postgres",
      `CREATE DATABASE ${odd} OWNER app_owner TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'`,
    )
    await cluster.sql(ODD, `CREATE FOREIGN DATA WRAPPER nothing`, ...CONTENT)
    await cluster.sql(
      "postgres",
      `ALTER DATABASE ${odd} SET search_path = 'Weird Schema', public, "$user"`,
      `ALTER DATABASE ${odd} SET work_mem = '7MB'`,
      `ALTER ROLE "Weird:Role" IN DATABASE ${odd} SET statement_timeout = '1min'`,
      `ALTER DATABASE ${odd} CONNECTION LIMIT 17`,
      `COMMENT ON DATABASE ${odd} IS 'it''s the \\ "chat"'`,
      `REVOKE ALL ON DATABASE ${odd} FROM PUBLIC`,
      `GRANT CONNECT ON DATABASE ${odd} TO readers WITH GRANT OPTION`,
      `GRANT CREATE ON DATABASE ${odd} TO "Weird:Role"`,
    )
  }, 60_000)
  afterAll(async () => {
    await cluster.stop()
    await bench.close()
  })

  const looksOf = async (database: string): Promise<Record<string, string>> => {
    const looks: Record<string, string> = {}
    for (const [what, sql] of Object.entries(LOOKS))
      looks[what] = await cluster.value(database, sql.replace("orders_id_seq", "public.orders_id_seq"))
    return looks
  }

  it("restores rows, sequences, partitions, large objects, policies, grants and settings exactly, beside and swapped in", async () => {
    const ctx = bench.context()
    const source = cluster.source(ODD)
    const before = await looksOf(ODD)
    const captured = await bench.captureToFile(source, null, ctx)
    const names = bench.engine.planNames(source, ctx.operationId)
    const staged = await bench.fromFile(
      captured.file,
      async (dump) => await bench.engine.stage(source, names.staged, dump, captured.shape, null, ctx),
    )
    const { sizeBytes: _a, ...stagedFacts } = staged.facts
    const { sizeBytes: _b, ...capturedFacts } = captured.facts
    expect(stagedFacts).toEqual(capturedFacts)
    expect(await looksOf(names.staged)).toEqual(before)
    await bench.engine.swapIn(source, names, ctx)
    expect(await looksOf(ODD)).toEqual(before)
    expect(await bench.engine.query(source, null, 'SELECT tags[1], tags[2], \'\' FROM "weird ""Name""" ORDER BY id LIMIT 1', ctx)).toEqual([
      ["a,b", null, ""],
    ])
    await bench.engine.drop(source, names.kept, ctx)
  })

  it("counts what a dump carries and says what it does not", async () => {
    const captured = await bench.captureToFile(cluster.source(ODD))
    expect(captured.facts.rows).toEqual({
      '"Weird Schema"."weird ""Name"""': 20,
      "pg_catalog.pg_largeobject_metadata": 2,
      "public.audit": 0,
      "public.events_2026": 3,
      "public.events_rest": 7,
      "public.orders": 30,
      "public.secrets": 9,
      "public.sessions": 2,
    })
    expect(captured.warnings).toEqual([
      "unlogged tables are in the point, but a crash of the server empties them: public.sessions",
      "foreign tables are saved as definitions only, their rows live elsewhere: public.remote",
      "data checksums are off: the server cannot tell when its disk returns damaged pages",
    ])
    expect(captured.shape).toMatchObject({
      owner: "app_owner",
      localeProvider: "icu",
      icuLocale: "de-DE",
      connectionLimit: 17,
      comment: `it's the \\ "chat"`,
      settings: ['search_path="Weird Schema", public, "$user"', "work_mem=7MB", "Weird:Role:statement_timeout=1min"],
    })
    expect(captured.shape.roles.map((role) => [role.name, role.memberOf])).toEqual([
      ["Weird:Role", ["readers"]],
      ["admin", []],
      ["app_owner", []],
      ["readers", []],
    ])
  })

  it("restores into a throwaway server that knows none of the roles", async () => {
    const captured = await bench.captureToFile(cluster.source(ODD))
    const request = { image: null, majorVersion: captured.facts.engineVersion, shape: captured.shape, directory: bench.directory }
    const rows = await bench.engine.scratch(
      cluster.source(ODD),
      request,
      async (scratch, ctx) => {
        const staged = await bench.fromFile(
          captured.file,
          async (dump) => await bench.engine.stage(scratch, scratch.database, dump, captured.shape, null, ctx),
        )
        return [staged.facts.rows, (await bench.engine.facts(scratch, null, null, ctx)).rows]
      },
      bench.context(),
    )
    expect(rows).toEqual([captured.facts.rows, captured.facts.rows])
    expect(bench.said.at(-1)).toBe("roles were missing and were created without login and password: Weird:Role, admin, app_owner, readers")
  })

  it("names the major version that a drill would need", async () => {
    const request = {
      image: null,
      majorVersion: "99.1",
      shape: (await bench.captureToFile(cluster.source(ODD))).shape,
      directory: bench.directory,
    }
    await expect(
      bench.engine.scratch(cluster.source(ODD), request, async () => await Promise.resolve(), bench.context()),
    ).rejects.toMatchObject({
      code: "DATABASE_VERSION_MISMATCH",
      message: "nothing here can run a PostgreSQL 99 server",
    })
  })
})
