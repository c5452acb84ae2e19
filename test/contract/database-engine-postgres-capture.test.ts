import { readdir, readFile, readlink } from "node:fs/promises"
import { setTimeout as delay } from "node:timers/promises"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { PostgresSource } from "../../src/app/app.ts"
import { HoldfastError } from "../../src/base/errors.ts"
import type { RunContext } from "../../src/base/run-context.ts"
import { Secret } from "../../src/base/secret.ts"
import { lockAndExport } from "../../src/tool/engine/postgres/capture-locks.ts"
import { openTcpSession } from "../../src/tool/engine/postgres/tcp-session.ts"
import type { SqlSession } from "../../src/tool/engine/postgres/session.ts"
import { openPipe } from "../../src/tool/process/pipe.ts"
import { startCluster, SUPERUSER_PASSWORD, type Cluster } from "../fixture/postgres/cluster.ts"
import { engineBench, type EngineBench } from "../fixture/postgres/engine.ts"
import { startNumberedWriter } from "../fixture/postgres/numbered-writer.ts"

const OWNER_PASSWORD = "canary-owner-51c0"

describe("PostgreSQL captures one moment, or says why not", () => {
  let cluster: Cluster
  let bench: EngineBench
  let database: string
  let count = 0

  beforeAll(async () => {
    cluster = await startCluster()
    bench = await engineBench(null, { lockTimeoutMs: 700 })
    await cluster.sql(
      "postgres",
      `CREATE ROLE owner LOGIN CREATEDB PASSWORD '${OWNER_PASSWORD}'`,
      `CREATE ROLE stranger LOGIN PASSWORD '${OWNER_PASSWORD}'`,
      "ALTER ROLE owner SET statement_timeout = '50ms'",
      "ALTER ROLE owner SET idle_in_transaction_session_timeout = '50ms'",
      "ALTER ROLE owner SET lock_timeout = '10ms'",
      "ALTER ROLE owner SET default_transaction_read_only = on",
    )
  }, 60_000)
  afterAll(async () => {
    await cluster.stop()
    await bench.close()
  })
  beforeEach(async () => {
    count += 1
    database = `chat${count}`
    await cluster.sql("postgres", `CREATE DATABASE ${database} OWNER owner`)
    await cluster.sql(
      database,
      "SET ROLE owner",
      "CREATE TABLE users (id int PRIMARY KEY, name text)",
      "INSERT INTO users SELECT n, 'u' || n FROM generate_series(1, 500) n",
      "CREATE TABLE posts (id int)",
      "INSERT INTO posts SELECT generate_series(1, 300)",
    )
  })

  const as = (user: string, overrides: Partial<PostgresSource> = {}): PostgresSource =>
    cluster.source(database, { user, password: new Secret(OWNER_PASSWORD), ...overrides })

  const failureOf = async (work: Promise<unknown>): Promise<HoldfastError> => {
    try {
      await work
    } catch (thrown) {
      if (thrown instanceof HoldfastError) return thrown
      throw thrown
    }
    throw new Error("it did not fail")
  }

  const session = async (): Promise<SqlSession> =>
    await openTcpSession(
      { host: "127.0.0.1", port: cluster.port, user: "admin", password: new Secret(SUPERUSER_PASSWORD) },
      database,
      bench.context(),
    )

  /** A session that runs `act` just before the statement that matches. */
  const interrupted = (inner: SqlSession, before: RegExp, act: () => Promise<void>): SqlSession => ({
    end: inner.end,
    rows: async (sql) => {
      if (before.test(sql)) await act()
      return await inner.rows(sql)
    },
  })

  it("has every row that was acknowledged before its snapshot, under a writer", async () => {
    const writer = await startNumberedWriter(cluster.port, database)
    try {
      await writer.reaches(50)
      const acknowledged = writer.acknowledged()
      const captured = await bench.captureToFile(cluster.source(database))
      await writer.reaches(writer.acknowledged() + 1)
      const rows = captured.facts.rows["public.numbered"] ?? 0
      expect(rows).toBeGreaterThanOrEqual(acknowledged)
      const ctx = bench.context()
      const staged = await bench.fromFile(
        captured.file,
        async (dump) => await bench.engine.stage(cluster.source(database), "numbered_back", dump, captured.shape, null, ctx),
      )
      expect(staged.facts.rows["public.numbered"]).toBe(rows)
      expect(await cluster.value("numbered_back", "SELECT max(n) FROM numbered")).toBe(String(rows))
      await bench.engine.drop(cluster.source(database), "numbered_back", ctx)
    } finally {
      await writer.stop()
    }
  })

  it.each([
    ["TRUNCATE", "TRUNCATE posts", "0"],
    ["a rewriting ALTER", "ALTER TABLE posts ALTER id TYPE bigint", "300"],
  ])("does not lose rows to %s that arrives before the locks", async (_what, statement, rows) => {
    const [inner, inspector] = [await session(), await session()]
    let once = false
    const racing = interrupted(inner, /^LOCK TABLE/, async () => {
      if (!once) await cluster.sql(database, statement)
      once = true
    })
    const snapshot = await lockAndExport(racing, inspector, 700, bench.context())
    expect(snapshot.tables.some((table) => table.rewritten)).toBe(false)
    expect((await inner.rows("SELECT count(*) FROM public.posts"))[0]).toEqual([rows])
    await Promise.all([inner.end(), inspector.end()])
  })

  it.each([
    ["TRUNCATE", "TRUNCATE posts", 0],
    ["a rewriting ALTER", "ALTER TABLE posts ALTER id TYPE bigint", 300],
  ])(
    "stays true to its snapshot when %s arrives between locks and dump",
    async (_what, statement, rowsAfter) => {
      const writer = await cluster.connect(database)
      const source = cluster.source(database)
      const capturing = bench.captureToFile(source)
      while (
        (await cluster.value(database, "SELECT count(*) FROM pg_locks WHERE relation = 'posts'::regclass AND mode = 'AccessShareLock'")) ===
        "0"
      )
        await delay(5)
      const before = bench.said.length
      await writer.query(statement)
      const captured = await capturing
      const startedAgain = bench.said
        .slice(before)
        .includes("a change of the schema was waiting for the dump; it goes first, the dump starts again")
      const staged = await bench.fromFile(
        captured.file,
        async (dump) => await bench.engine.stage(source, `${database}_back`, dump, captured.shape, null, bench.context()),
      )
      // Whichever came first: what the facts say is what the dump holds.
      expect(captured.facts.rows["public.posts"]).toBe(startedAgain ? rowsAfter : 300)
      expect(staged.facts.rows).toEqual(captured.facts.rows)
      await writer.end()
    },
    30_000,
  )

  it("starts again once when a table appears meanwhile, and gives up the second time", async () => {
    const [inner, inspector] = [await session(), await session()]
    let made = 0
    const create = async (limit: number): Promise<void> => {
      if (made < limit) await cluster.sql(database, `CREATE TABLE extra${(made += 1)} ()`)
    }
    const once = await lockAndExport(
      interrupted(inner, /pg_export_snapshot/, async () => await create(1)),
      inspector,
      700,
      bench.context(),
    )
    expect(once.tables.map((table) => table.name)).toContain("public.extra1")
    await inner.rows("ROLLBACK")
    const failure = await failureOf(
      lockAndExport(
        interrupted(inner, /pg_export_snapshot/, async () => await create(9)),
        inspector,
        700,
        bench.context(),
      ),
    )
    expect(failure.code).toBe("DATABASE_CHANGED_DURING_CAPTURE")
    expect(failure.message).toBe("tables were added, removed or rewritten while they were locked: public.extra3")
    await Promise.all([inner.end(), inspector.end()])
  })

  it("names the table and the session that holds a lock", async () => {
    const holder = await cluster.connect(database)
    await holder.query("SET application_name = 'nightly migration'")
    await holder.query("BEGIN")
    await holder.query("ALTER TABLE posts ADD note text")
    const failure = await failureOf(bench.captureToFile(cluster.source(database)))
    expect(failure.code).toBe("DATABASE_LOCKED")
    expect(failure.message).toBe("table public.posts is locked by another session")
    expect(failure.why).toMatch(/^process \d+, user admin, program nightly migration: ALTER TABLE posts ADD note text$/)
    await holder.end()
  })

  it("is not ended by time limits of the role, and restores as an owner who is no superuser", async () => {
    const ctx = bench.context()
    const source = as("owner")
    const captured = await bench.captureToFile(source, { version: "SELECT 'v1' FROM pg_sleep(0.2)", list: null }, ctx)
    expect(captured.facts).toMatchObject({ schemaVersion: "v1", rows: { "public.posts": 300, "public.users": 500 } })
    const names = bench.engine.planNames(source, ctx.operationId)
    await bench.fromFile(captured.file, async (dump) => await bench.engine.stage(source, names.staged, dump, captured.shape, null, ctx))
    await bench.engine.swapIn(source, names, ctx)
    expect(
      await cluster.value(
        "postgres",
        `SELECT string_agg(datname || datallowconn, ',' ORDER BY datname) FROM pg_database WHERE datname LIKE '${database}%'`,
      ),
    ).toBe(`${database}true,${names.kept}false`)
    await bench.engine.swapBack(source, names, ctx)
    await bench.engine.drop(source, names.failed, ctx)
  })

  it("names tables that the role may not read", async () => {
    const failure = await failureOf(bench.captureToFile(as("stranger")))
    expect(failure.code).toBe("DATABASE_RIGHTS_MISSING")
    expect(failure.message).toBe("role stranger may not read public.posts, public.users")
  })

  it("refuses to dump the part of the rows that row-level security shows", async () => {
    await cluster.sql(
      database,
      "ALTER TABLE posts ENABLE ROW LEVEL SECURITY",
      "CREATE POLICY few ON posts USING (id < 10)",
      "GRANT SELECT ON ALL TABLES IN SCHEMA public TO stranger",
    )
    const failure = await failureOf(bench.captureToFile(as("stranger")))
    expect(failure.code).toBe("DATABASE_RIGHTS_MISSING")
    expect(failure.message).toBe("row-level security hides rows of public.posts from role stranger")
    expect((await bench.captureToFile(as("owner"))).facts.rows["public.posts"]).toBe(300)
  })

  it("tells a wrong password, a missing database and a dead server apart, without showing the password", async () => {
    const wrong = await failureOf(bench.engine.inspect(as("owner", { password: new Secret("canary-wrong-77") }), bench.context()))
    const none = await failureOf(bench.engine.inspect(as("owner", { password: null }), bench.context()))
    const missing = await failureOf(bench.engine.inspect(as("owner", { database: "nowhere" }), bench.context()))
    const dead = await failureOf(bench.engine.inspect(as("owner", { port: 1 }), bench.context()))
    expect([wrong.code, none.code, missing.code, dead.code]).toEqual([
      "DATABASE_AUTH_FAILED",
      "DATABASE_AUTH_FAILED",
      "DATABASE_MISSING",
      "DATABASE_UNREACHABLE",
    ])
    expect(dead.message).toBe(`cannot connect to database ${database} at 127.0.0.1:1 as owner`)
    for (const failure of [wrong, none, missing, dead]) expect(everythingIn(failure)).not.toMatch(/canary/)
  })

  it("refuses before it starts when the only client is older than the server", async () => {
    const none = await engineBench(null, { pgBinDirectories: [] })
    const failure = await failureOf(none.captureToFile(cluster.source(database)))
    expect(failure.code).toBe("DATABASE_CLIENT_TOO_OLD")
    expect(failure.message).toMatch(/^this machine has no pg_dump for the server, PostgreSQL \d+\.\d+$/)
    await none.close()
  })

  it("fails the capture when pg_dump is killed, shows no password in any argv, and leaves no session", async () => {
    await fillBig(cluster, database)
    const ctx = bench.context()
    const stuck = await captureIntoFullPipe(bench, cluster, database, ctx)
    const child = await pgDumpOf(cluster.port)
    expect(child.argv).toContain("--snapshot=")
    expect(child.argv).not.toMatch(/canary/)
    process.kill(child.pid, "SIGKILL")
    const failure = await failureOf(stuck.capturing)
    expect(failure.code).toBe("DATABASE_DUMP_FAILED")
    expect(failure.why).toBe("it died from SIGKILL")
    await stuck.dispose()
    await vanished(cluster, ctx.operationId)
  }, 30_000)

  it("fails the capture when its own session, which holds the locks, is ended, though pg_dump exits 0", async () => {
    await fillBig(cluster, database)
    const ctx = bench.context()
    const stuck = await captureIntoFullPipe(bench, cluster, database, ctx)
    const child = await pgDumpOf(cluster.port)
    const named = `application_name = 'holdfast:${ctx.operationId}'`
    // Before its COPY, which hangs in the full pipe, pg_dump's own session is idle between its statements and must not be the one that is ended.
    const copying = `SELECT count(*) FROM pg_stat_activity WHERE ${named} AND query LIKE 'COPY%'`
    while ((await cluster.value("postgres", copying)) === "0") await delay(10)
    const ours = `${named} AND state = 'idle in transaction' AND query NOT LIKE 'COPY%'`
    while ((await cluster.value("postgres", `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE ${ours}`)) === "0")
      await delay(10)
    expect(child.pid).toBeGreaterThan(0)
    stuck.drain()
    const failure = await failureOf(stuck.capturing)
    expect(failure.code).toBe("DATABASE_UNREACHABLE")
    await stuck.dispose()
    await vanished(cluster, ctx.operationId)
  }, 30_000)

  it("ends pg_dump and its sessions when it is cancelled", async () => {
    await fillBig(cluster, database)
    const cancel = new AbortController()
    const ctx = bench.context(cancel.signal)
    const stuck = await captureIntoFullPipe(bench, cluster, database, ctx)
    await pgDumpOf(cluster.port)
    const reason = new HoldfastError("OPERATION_CANCELLED", { what: "cancelled by the test" })
    cancel.abort(reason)
    expect(await failureOf(stuck.capturing)).toBe(reason)
    await stuck.dispose()
    await vanished(cluster, ctx.operationId)
  }, 30_000)

  it("ends what an interrupted operation left behind, and only that", async () => {
    const left = await cluster.connect(database)
    await left.query("SET application_name = 'holdfast:20260101t000000-abcdef'")
    expect(await bench.engine.sessions(cluster.source(database), bench.context())).toEqual([
      { user: "admin", program: "holdfast:20260101t000000-abcdef", address: "127.0.0.1" },
    ])
    expect(await bench.engine.endSessions(cluster.source(database), "20260101t000000-abcdef", bench.context())).toBe(1)
    expect(await bench.engine.sessions(cluster.source(database), bench.context())).toEqual([])
  })

  it("answers questions read-only", async () => {
    const failure = await failureOf(bench.engine.query(cluster.source(database), null, "DELETE FROM posts RETURNING id", bench.context()))
    expect(failure.why).toBe("cannot execute DELETE in a read-only transaction")
    expect(
      await bench.engine.query(cluster.source(database), null, "SELECT id, NULL, 'x' FROM posts ORDER BY id LIMIT 1", bench.context()),
    ).toEqual([["1", null, "x"]])
  })
})

/** More than fits into a pipe. */
async function fillBig(cluster: Cluster, database: string): Promise<void> {
  await cluster.sql(database, "CREATE TABLE bulk AS SELECT n, repeat(md5(n::text), 30) AS t FROM generate_series(1, 2000) n")
}

/** A vault that reads nothing: pg_dump stands still in the middle of its data, for as long as a test needs. */
async function captureIntoFullPipe(bench: EngineBench, cluster: Cluster, database: string, ctx: RunContext): Promise<FullPipe> {
  const pipe = await openPipe(bench.processes, bench.directory, new AbortController().signal)
  const capturing = bench.engine.capture(cluster.source(database), { fd: pipe.writeFd, path: pipe.path }, null, ctx)
  capturing.catch(() => undefined)
  return {
    capturing,
    drain: () =>
      void bench.processes.start({
        argv: ["cat"],
        stdin: { fd: pipe.readFd },
        stdout: { onLine: () => undefined },
        signal: new AbortController().signal,
      }),
    dispose: async () => await pipe.dispose(),
  }
}

interface FullPipe {
  readonly capturing: Promise<unknown>
  drain(): void
  dispose(): Promise<void>
}

function everythingIn(failure: HoldfastError): string {
  return [
    failure.message,
    failure.why,
    failure.hint,
    failure.stack,
    JSON.stringify(failure.details),
    String(failure.cause),
    JSON.stringify(failure.cause),
  ].join("\n")
}

/** The running pg_dump that talks to this port, with its whole argv. */
async function pgDumpOf(port: number): Promise<{ pid: number; argv: string }> {
  for (;;) {
    await delay(20)
    for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
      const argv = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " ")
      const program = await readlink(`/proc/${pid}/exe`).catch(() => "")
      if (!program.endsWith("/pg_dump")) continue
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "")
      if (environment.includes(`PGPORT=${port}\0`)) return { pid: Number(pid), argv }
    }
  }
}

async function vanished(cluster: Cluster, operationId: string): Promise<void> {
  while (
    (await cluster.value("postgres", `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holdfast:${operationId}'`)) !== "0"
  )
    await delay(20)
}
