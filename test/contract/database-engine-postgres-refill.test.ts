/** A live PostgreSQL database is emptied and filled again from its dump, by a role that may make no database; and when that is refused. */
import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { PostgresSource } from "../../src/app/app.ts"
import { Secret } from "../../src/base/secret.ts"
import { startCluster, SUPERUSER_PASSWORD, type Cluster } from "../fixture/postgres/cluster.ts"
import { engineBench, type EngineBench } from "../fixture/postgres/engine.ts"

const PASSWORD = "canary-refill-77c1"
const LIMIT_MS = 120_000
const run = promisify(execFile)

describe("a PostgreSQL database that is emptied and filled again", { timeout: LIMIT_MS }, () => {
  let cluster: Cluster
  let bench: EngineBench
  let database: string
  let source: PostgresSource
  let count = 0

  beforeAll(async () => {
    cluster = await startCluster()
    bench = await engineBench()
    await cluster.sql("postgres", `CREATE ROLE tenant LOGIN PASSWORD '${PASSWORD}'`, "CREATE ROLE reader")
  }, LIMIT_MS)
  afterAll(async () => {
    await cluster.stop()
    await bench.close()
  }, LIMIT_MS)
  beforeEach(async () => {
    count += 1
    database = `refill${count}`
    source = cluster.source(database, { user: "tenant", password: new Secret(PASSWORD) })
    await cluster.sql("postgres", `CREATE DATABASE ${database}`, `GRANT CREATE ON DATABASE ${database} TO tenant`)
    await cluster.sql(
      database,
      "GRANT CREATE ON SCHEMA public TO tenant",
      "SET ROLE tenant",
      "CREATE SCHEMA store",
      "CREATE TYPE store.state AS ENUM ('new', 'done')",
      "CREATE TYPE mood AS ENUM ('well', 'unwell')",
      "CREATE TABLE store.items (id serial PRIMARY KEY, what text, state store.state DEFAULT 'new', mood mood)",
      "CREATE TABLE notes (item int REFERENCES store.items, body text)",
      "CREATE VIEW done AS SELECT * FROM store.items WHERE state = 'done'",
      "CREATE FUNCTION double(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n'",
      "CREATE SEQUENCE loose START 40",
      "GRANT SELECT ON notes TO reader",
      "COMMENT ON TABLE notes IS 'kept'",
      "INSERT INTO store.items (what, mood) SELECT 'item ' || n, 'well' FROM generate_series(1, 300) n",
      "INSERT INTO notes SELECT id, what FROM store.items",
      "SELECT nextval('loose')",
      "SELECT lo_from_bytea(0, 'a large object')",
    )
  })

  const schemaOf = async (): Promise<string> => {
    const where = ["--host=127.0.0.1", `--port=${cluster.port}`, `--username=${cluster.superuser}`]
    const env = { ...process.env, PGPASSWORD: SUPERUSER_PASSWORD }
    const { stdout } = await run(join(cluster.binDirectory, "pg_dump"), [...where, "--schema-only", database], { env })
    // Newer clients put a new word around every dump.
    return stdout.replaceAll(/^\\(un)?restrict .*$/gm, "")
  }
  const obstacles = async (): Promise<{ readonly possible: boolean; readonly why: string } | undefined> =>
    await bench.engine.canRefill?.(source, bench.context())

  it("comes back with every row, type, right and sequence, whatever a newer version had made of it, twice if need be", async () => {
    expect(await obstacles()).toEqual({ possible: true, why: "" })
    expect((await bench.engine.inspect(source, bench.context())).canSwap.allowed).toBe(false)
    const schema = await schemaOf()
    const captured = await bench.captureToFile(source)
    await cluster.sql(
      database,
      "SET ROLE tenant",
      "DROP VIEW done",
      "ALTER TABLE store.items RENAME COLUMN what TO name",
      "DELETE FROM notes",
      "CREATE SCHEMA later CREATE TABLE rows (id int)",
      "CREATE TABLE added (mood mood, n int DEFAULT double(2))",
      "CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM store.items",
      "ALTER TYPE mood ADD VALUE 'better'",
      "SELECT lo_from_bytea(0, 'another')",
    )

    for (const time of ["once", "again"]) {
      const facts = await bench.fromFile(captured.file, async (dump) => await bench.engine.refill?.(source, dump, null, bench.context()))
      expect(facts?.rows, time).toEqual(captured.facts.rows)
    }

    expect(await schemaOf()).toBe(schema)
    expect(await cluster.value(database, "SELECT string_agg(body, ',' ORDER BY item) FROM notes")).toMatch(/^item 1,item 2,.*,item 300$/)
    expect(await cluster.value(database, "SELECT nextval('loose') || ' ' || nextval('store.items_id_seq')")).toBe("41 301")
    expect(await cluster.value(database, "SELECT string_agg(encode(lo_get(oid), 'escape'), ',') FROM pg_largeobject_metadata")).toBe(
      "a large object",
    )
  })

  it("is not tried where something could not be dropped, or would not come back", async () => {
    await cluster.sql(database, "CREATE TABLE of_the_admin (id int)")
    const found = "it holds what could not be put back: "
    expect(await obstacles()).toEqual({ possible: false, why: `${found}public.of_the_admin, which is another role's` })
    await cluster.sql(database, "DROP TABLE of_the_admin", "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader")
    expect(await obstacles()).toEqual({ possible: false, why: `${found}default privileges of role admin` })
    await cluster.sql(database, "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT ON TABLES FROM reader")
    await cluster.sql(database, "GRANT reader TO tenant", "CREATE TABLE of_a_group (id int)", "ALTER TABLE of_a_group OWNER TO reader")
    expect(await obstacles()).toEqual({ possible: false, why: `${found}public.of_a_group, which is another role's` })
    await cluster.sql(database, "DROP TABLE of_a_group", "REVOKE reader FROM tenant", "CREATE EXTENSION pg_trgm")
    expect(await obstacles()).toEqual({ possible: false, why: expect.stringMatching(`^${found}extension pg_trgm; .* and more$`) })
  })

  it("loses an extension that the newer version made, and keeps one that it may not drop", async () => {
    const captured = await bench.captureToFile(source)
    await cluster.sql(database, "CREATE EXTENSION pg_trgm")

    await bench.fromFile(captured.file, async (dump) => await bench.engine.refill?.(source, dump, null, bench.context()))

    expect(bench.said.join("\n")).toContain("extension pg_trgm, which the new version made, stays")
    expect(await cluster.value(database, "SELECT count(*) FROM notes")).toBe("300")
  })
})
