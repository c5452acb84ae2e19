/** A live PostgreSQL database is copied beside itself: for whom, against whom, and what is left when it does not come to an end. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { Client } from "pg"
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest"
import type { PostgresSource } from "../../src/app/app.ts"
import type { ReplacementNames } from "../../src/app/ports.ts"
import { HoldfastError } from "../../src/base/errors.ts"
import type { RunContext } from "../../src/base/run-context.ts"
import { Secret } from "../../src/base/secret.ts"
import { waitFor } from "../fixture/docker/wait-for.ts"
import { startCluster, type Cluster } from "../fixture/postgres/cluster.ts"
import { engineBench, type EngineBench } from "../fixture/postgres/engine.ts"

const PASSWORD = "canary-clone-5e21"
const LIMIT_MS = 120_000

describe("a copy of a live PostgreSQL database beside it", { timeout: LIMIT_MS }, () => {
  let cluster: Cluster
  let bench: EngineBench
  let database: string
  let ctx: RunContext
  let names: ReplacementNames
  let count = 0

  beforeAll(async () => {
    cluster = await startCluster({ settings: { max_prepared_transactions: "2" } })
    bench = await engineBench()
    await cluster.sql(
      "postgres",
      `CREATE ROLE owner LOGIN CREATEDB PASSWORD '${PASSWORD}'`,
      `CREATE ROLE tenant LOGIN PASSWORD '${PASSWORD}'`,
      `CREATE ROLE member LOGIN CREATEDB NOINHERIT PASSWORD '${PASSWORD}' IN ROLE owner`,
    )
  }, LIMIT_MS)
  afterAll(async () => {
    await cluster.stop()
    await bench.close()
  }, LIMIT_MS)
  beforeEach(async () => {
    count += 1
    database = `app${count}`
    ctx = bench.context()
    names = bench.engine.planNames(cluster.source(database), ctx.operationId)
    await cluster.sql("postgres", `CREATE DATABASE ${database} OWNER owner`)
    await cluster.sql(database, "SET ROLE owner", "CREATE TABLE state (what text)", "INSERT INTO state VALUES ('old')")
  })

  const as = (user: string): PostgresSource => cluster.source(database, { user, password: new Secret(PASSWORD) })
  const clone = async (source = cluster.source(database), context = ctx): Promise<unknown> =>
    await bench.engine.cloneBeside?.(source, names.kept, context)
  const state = async (name = database): Promise<string> => await cluster.value(name, "SELECT string_agg(what, ',') FROM state")
  const databases = async (): Promise<string> =>
    await cluster.value(
      "postgres",
      `SELECT string_agg(datname || ' ' || datallowconn, ', ' ORDER BY datname) FROM pg_database WHERE datname LIKE '${database}%'`,
    )
  const open = async (user: string): Promise<Client> => {
    const client = new Client({
      host: "127.0.0.1",
      port: cluster.port,
      user,
      password: PASSWORD,
      database,
      application_name: `the ${user}`,
    })
    client.on("error", () => undefined)
    await client.connect()
    return client
  }
  const failureOf = async (work: Promise<unknown>): Promise<HoldfastError> => {
    try {
      await work
    } catch (thrown) {
      if (thrown instanceof HoldfastError) return thrown
      throw thrown
    }
    throw new Error("it did not fail")
  }
  /** What the server is told of the database itself. */
  const belongings = async (name: string): Promise<string> =>
    await cluster.value(
      "postgres",
      `SELECT concat_ws(' | ', pg_get_userbyid(datdba), datconnlimit, datcollate, datcollversion, daticulocale,
         (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(datacl) a), shobj_description(oid, 'pg_database'),
         (SELECT string_agg(setrole || array_to_string(setconfig, ';'), ' ' ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = d.oid))
       FROM pg_database d WHERE datname = '${name.replaceAll("'", "''")}'`,
    )

  it("has owner, limits, settings, grants, comment and collation version of an oddly named one, also when it took its place", async () => {
    const odd = `odd "${count}" ${"ä".repeat(20)}`
    const quoted = `"${odd.replaceAll('"', '""')}"`
    const source = cluster.source(odd)
    names = bench.engine.planNames(source, ctx.operationId)
    await cluster.sql(
      "postgres",
      `CREATE DATABASE ${quoted} OWNER owner TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'`,
      `ALTER DATABASE ${quoted} SET search_path = 'x y', public`,
      `ALTER ROLE tenant IN DATABASE ${quoted} SET work_mem = '7MB'`,
      `ALTER DATABASE ${quoted} CONNECTION LIMIT 17`,
      `COMMENT ON DATABASE ${quoted} IS 'it''s odd'`,
      `REVOKE ALL ON DATABASE ${quoted} FROM PUBLIC, owner`,
      `GRANT CONNECT ON DATABASE ${quoted} TO tenant WITH GRANT OPTION`,
      // As after a move to a system with a newer ICU.
      `UPDATE pg_database SET datcollversion = '1.0' WHERE datname = '${odd}'`,
    )
    await cluster.sql(odd, "CREATE TABLE a (t text)", "CREATE UNLOGGED TABLE u AS SELECT 1", "SELECT lo_from_bytea(0, 'large')")
    const before = await belongings(odd)
    const { facts } = await bench.captureToFile(source, null, ctx)

    await clone(source)

    expect(before).toMatch(/^owner \| 17 \| C \| 1\.0 \| de-DE \| tenant=c\*\/owner \| it's odd \| /)
    expect(await belongings(names.kept)).toBe(before)
    expect((await bench.captureToFile(cluster.source(names.kept), null, ctx)).facts.rows).toEqual(facts.rows)
    await cluster.sql(odd, "DROP TABLE a")
    await bench.engine.swapBack(source, names, ctx)
    expect(await belongings(odd)).toBe(before)
    expect((await bench.engine.facts(source, null, null, ctx)).rows).toEqual(facts.rows)
    await bench.engine.drop(source, names.failed, ctx)
  })

  it("is made by an owner who may create databases, though not ask for a checkpoint, and belongs to the owner", async () => {
    expect(await bench.engine.canClone?.(as("owner"), ctx)).toMatchObject({ possible: true, why: "" })

    await clone(as("owner"))

    expect(await belongings(names.kept)).toBe(await belongings(database))
    expect(await state(names.kept)).toBe("old")
    expect(bench.said.filter((line) => line.includes("could not be put back"))).toEqual([])
  })

  it.each([
    ["tenant", "role tenant may not create databases (CREATEDB is missing)"],
    ["member", (name: string) => `role member has not the rights of the owner of database ${name} (its owner is owner)`],
  ] as const)("is refused to role %s, who is told why beforehand, and nobody's session is ended for it", async (user, reason) => {
    const why = typeof reason === "string" ? reason : reason(database)
    const connected = await open("owner")
    onTestFinished(async () => await connected.end())

    expect(await bench.engine.canClone?.(as(user), ctx)).toMatchObject({ possible: false, why })
    const refused = await failureOf(clone(as(user)))

    expect([refused.code, refused.message, refused.why]).toEqual([
      "DATABASE_RENAME_REFUSED",
      `database ${database} may not be copied by this role`,
      why,
    ])
    expect((await connected.query<{ what: string }>("SELECT what FROM state")).rows).toEqual([{ what: "old" }])
    expect(await databases()).toBe(`${database} true`)
  })

  it("is made against clients that reconnect without a pause, superusers too, and they are let in again", async () => {
    let going = true
    let reconnected = 0
    const hammer = async (connect: () => Promise<Client>): Promise<void> => {
      while (going) {
        const client = await connect().catch(() => null)
        if (client === null) continue
        reconnected += 1
        // Until it is thrown out.
        await client.query("SELECT pg_sleep(600)").catch(() => undefined)
        await client.end().catch(() => undefined)
      }
    }
    // So many that the first are back before the last was thrown out.
    const hammering = Array.from({ length: 12 }, async (_, index) =>
      index % 3 === 0 ? await hammer(async () => await open("owner")) : await hammer(async () => await cluster.connect(database)),
    )
    const closed: string[] = []
    const watching = (async () => {
      while (going) {
        const now = await cluster.value("postgres", `SELECT datallowconn FROM pg_database WHERE datname = '${database}'`)
        if (now !== "true") closed.push(now)
      }
    })()
    onTestFinished(async () => {
      going = false
      await cluster.sql("postgres", `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`)
      await Promise.all([...hammering, watching])
    })
    await waitFor(async () => reconnected >= 12)
    const before = reconnected

    await clone()

    expect(closed).toEqual([])
    await waitFor(async () => reconnected >= before + 12)
    expect(await state(names.kept)).toBe("old")
    expect(await databases()).toBe(`${database} true, ${names.kept} true`)
  })

  it("is refused while a session stays that this role may not end, and names it; the live one stays open and nothing is left", async () => {
    const admin = await cluster.connect(database)
    onTestFinished(async () => await admin.end())
    await admin.query("SET application_name = 'the monitor'")

    const refused = await failureOf(clone(as("owner")))

    expect([refused.code, refused.message, refused.why]).toEqual([
      "DATABASE_IN_USE",
      `sessions on ${database} cannot be ended`,
      "admin (the monitor) from local socket",
    ])
    expect(await databases()).toBe(`${database} true`)
    const entered = await open("owner")
    onTestFinished(async () => await entered.end())
    expect((await entered.query("SELECT 1")).rowCount).toBe(1)
  })

  it("is refused while a prepared transaction holds the live one", async () => {
    await cluster.sql(database, "BEGIN", "INSERT INTO state VALUES ('prepared')", `PREPARE TRANSACTION 'p${count}'`)
    onTestFinished(async () => await cluster.sql(database, `ROLLBACK PREPARED 'p${count}'`))

    const refused = await failureOf(clone())

    expect([refused.code, refused.why]).toEqual(["DATABASE_IN_USE", "a prepared transaction or another server process is using it"])
    expect(await databases()).toBe(`${database} true`)
  })

  it("replaces a half-made one of an earlier try", async () => {
    const partial = `${names.kept}_part`
    await cluster.sql("postgres", `CREATE DATABASE "${partial}" ALLOW_CONNECTIONS false`)

    await clone()

    expect(await databases()).toBe(`${database} true, ${names.kept} true`)
    expect(await state(names.kept)).toBe("old")
  })

  it("that was begun is removed with its operation's sessions, and not with another's", async () => {
    const partial = `${names.kept}_part`
    await cluster.sql("postgres", `CREATE DATABASE "${partial}" ALLOW_CONNECTIONS false`)

    await bench.engine.endSessions(cluster.source(database), bench.context().operationId, bench.context())
    expect(await databases()).toBe(`${database} true, ${partial} false`)
    await bench.engine.endSessions(cluster.source(database), ctx.operationId, bench.context())

    expect(await databases()).toBe(`${database} true`)
  })

  /** The server waits inside CREATE DATABASE for a session that may not be ended, and lets nobody else in meanwhile. */
  const heldUp = async (): Promise<{ release(): Promise<void>; waiting(): Promise<void> }> => {
    const admin = await cluster.connect(database)
    const creating = `SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE DATABASE "${database}_kept%' AND state = 'active'`
    return {
      release: async () => await admin.end(),
      waiting: async () => await waitFor(async () => (await cluster.value("postgres", creating)) === "1"),
    }
  }

  it("of which the maker is killed keeps nobody out of the live one once its operation is settled", async () => {
    const held = await heldUp()
    onTestFinished(held.release)
    const script = join(import.meta.dirname, "../fixture/postgres/clone-and-hang.ts")
    const argv = [script, ctx.operationId, String(cluster.port), database, "owner", PASSWORD]
    const child = spawn(process.execPath, argv, { stdio: ["ignore", "ignore", "inherit"] })
    await held.waiting()
    child.kill("SIGKILL")
    await once(child, "exit")

    await bench.engine.endSessions(cluster.source(database), ctx.operationId, bench.context())

    const entered = await Promise.race([open("owner"), delay(2_000, null)])
    expect(entered).not.toBeNull()
    await entered?.end()
    expect(await databases()).toBe(`${database} true`)
  })

  it("that is cancelled ends at once, keeps nobody out of the live one, and leaves nothing", async () => {
    const held = await heldUp()
    onTestFinished(held.release)
    const controller = new AbortController()
    const cloning = clone(as("owner"), { ...ctx, signal: controller.signal })
    cloning.catch(() => undefined)
    await held.waiting()

    controller.abort(new Error("cancelled by hand"))

    await expect(cloning).rejects.toThrow("cancelled by hand")
    const entered = await Promise.race([open("owner"), delay(2_000, null)])
    expect(entered).not.toBeNull()
    await entered?.end()
    expect(await databases()).toBe(`${database} true`)
  })
})
