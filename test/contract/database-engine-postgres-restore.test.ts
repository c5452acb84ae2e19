import { setTimeout as delay } from "node:timers/promises"
import type { Client } from "pg"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { DatabaseCapture, ReplacementNames } from "../../src/app/ports.ts"
import type { PostgresSource } from "../../src/app/app.ts"
import { HoldfastError } from "../../src/base/errors.ts"
import type { RunContext } from "../../src/base/run-context.ts"
import { Secret } from "../../src/base/secret.ts"
import { startCluster, type Cluster } from "../fixture/postgres/cluster.ts"
import { command } from "../fixture/docker/command.ts"
import { altered, engineBench, type EngineBench } from "../fixture/postgres/engine.ts"

const PASSWORD = "canary-restore-aa10"

describe("PostgreSQL replaces a live database by renaming", () => {
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
    )
  }, 60_000)
  afterAll(async () => {
    await cluster.stop()
    await bench.close()
  })
  beforeEach(async () => {
    count += 1
    database = `app${count}`
    ctx = bench.context()
    names = bench.engine.planNames(cluster.source(database), ctx.operationId)
    await cluster.sql("postgres", `CREATE DATABASE ${database} OWNER owner`)
    await cluster.sql(database, "SET ROLE owner", "CREATE TABLE state (what text)", "INSERT INTO state VALUES ('old')")
  })

  const as = (user: string): PostgresSource => cluster.source(database, { user, password: new Secret(PASSWORD) })
  const state = async (name = database): Promise<string> => await cluster.value(name, "SELECT string_agg(what, ',') FROM state")
  const databases = async (): Promise<string> =>
    await cluster.value(
      "postgres",
      `SELECT string_agg(datname || ' ' || datallowconn, ', ' ORDER BY datname) FROM pg_database WHERE datname LIKE '${database}%'`,
    )
  const staged = async (source = cluster.source(database)): Promise<DatabaseCapture & { file: string }> => {
    const captured = await bench.captureToFile(source, null, ctx)
    await cluster.sql(database, "UPDATE state SET what = 'new'")
    await bench.fromFile(captured.file, async (dump) => await bench.engine.stage(source, names.staged, dump, captured.shape, null, ctx))
    return captured
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

  it("ends connected sessions, keeps a superuser out who reconnects in a loop, and keeps the old state closed", async () => {
    await staged()
    let going = true
    const held: Client[] = [await cluster.connect(database)]
    const hammering = (async () => {
      while (going) held.push(await cluster.connect(database).catch(async () => await cluster.connect("postgres")))
    })().catch(() => undefined)
    await bench.engine.swapIn(cluster.source(database), names, ctx)
    going = false
    await hammering
    expect(await state()).toBe("old")
    expect(await databases()).toBe(`${database} true, ${names.kept} false`)
    await Promise.all(held.map(async (client) => await client.end().catch(() => undefined)))
    await bench.engine.swapBack(cluster.source(database), names, ctx)
    expect(await state()).toBe("new")
    expect(await databases()).toBe(`${database} true, ${names.failed} false`)
  }, 30_000)

  it("is finished by a repeat after a crash between closing and renaming", async () => {
    await staged()
    await cluster.sql("postgres", `ALTER DATABASE ${database} ALLOW_CONNECTIONS false`)
    await bench.engine.swapIn(cluster.source(database), names, ctx)
    expect(await databases()).toBe(`${database} true, ${names.kept} false`)
    expect(await state()).toBe("old")
  })

  it("is undone by swapping back after a crash between closing and renaming", async () => {
    await staged()
    await cluster.sql("postgres", `ALTER DATABASE ${database} ALLOW_CONNECTIONS false`)
    await bench.engine.swapBack(cluster.source(database), names, ctx)
    expect(await databases()).toBe(`${database} true, ${names.staged} true`)
    expect(await state()).toBe("new")
  })

  it("opens the live database again when something that cannot be ended is using it", async () => {
    await staged()
    await cluster.sql(database, "BEGIN", "INSERT INTO state VALUES ('prepared')", `PREPARE TRANSACTION 'p${count}'`)
    const quick: RunContext = { ...ctx, clock: { ...ctx.clock, sleep: async () => await Promise.resolve() } }
    const failure = await failureOf(bench.engine.swapIn(cluster.source(database), names, quick))
    expect(failure.code).toBe("DATABASE_IN_USE")
    expect(failure.message).toBe(`sessions on ${database} cannot be ended`)
    expect(failure.why).toBe("a prepared transaction or another server process is using it")
    expect(await databases()).toMatch(new RegExp(`^${database} true, ${names.staged} `))
    expect(await state()).toBe("new")
    await cluster.sql(database, `ROLLBACK PREPARED 'p${count}'`)
    await bench.engine.swapIn(cluster.source(database), names, ctx)
    expect(await state()).toBe("old")
  }, 60_000)

  it("says beforehand when a role may not swap", async () => {
    expect((await bench.engine.inspect(as("owner"), ctx)).canSwap).toEqual({ allowed: true })
    expect((await bench.engine.inspect(as("tenant"), ctx)).canSwap).toEqual({
      allowed: false,
      why: "role tenant may not create databases (CREATEDB is missing)",
      remedy: 'As a superuser run `ALTER ROLE "tenant" CREATEDB`; or restore beside with --into DIR and load the dump with pg_restore.',
    })
    await cluster.sql("postgres", "ALTER ROLE tenant CREATEDB")
    expect((await bench.engine.inspect(as("tenant"), ctx)).canSwap).toEqual({
      allowed: false,
      why: `role tenant does not own database ${database} (its owner is owner)`,
      remedy: 'As a superuser run `GRANT "owner" TO "tenant"`; or restore beside with --into DIR and load the dump with pg_restore.',
    })
    await cluster.sql("postgres", "ALTER ROLE tenant NOCREATEDB")
    expect((await failureOf(bench.engine.swapBack(as("tenant"), { ...names, kept: "template0" }, ctx))).code).toBe(
      "DATABASE_RENAME_REFUSED",
    )
  })

  it("names roles that are missing before it creates anything", async () => {
    await cluster.sql("postgres", "CREATE ROLE passing")
    await cluster.sql(database, "GRANT SELECT ON state TO passing")
    const captured = await bench.captureToFile(as("owner"), null, ctx)
    await cluster.sql(database, "DROP OWNED BY passing")
    await cluster.sql("postgres", "DROP ROLE passing")
    const failure = await failureOf(
      bench.fromFile(captured.file, async (dump) => await bench.engine.stage(as("owner"), names.staged, dump, captured.shape, null, ctx)),
    )
    expect(failure.code).toBe("DATABASE_RIGHTS_MISSING")
    expect(failure.message).toBe("the server lacks roles that the point needs, and this role may not create them: passing")
    expect(await databases()).toBe(`${database} true`)
    await bench.fromFile(
      captured.file,
      async (dump) => await bench.engine.stage(cluster.source(database), names.staged, dump, captured.shape, null, ctx),
    )
    expect(bench.said.at(-1)).toBe("roles were missing and were created without login and password: passing")
    expect(await cluster.value("postgres", "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'passing'")).toBe("false")
  })

  it("lets a role log in that came back without, with its password, whether it is there or not", async () => {
    await cluster.sql("postgres", "CREATE ROLE shut NOLOGIN")
    const whoIs = async (user: string): Promise<string | undefined> =>
      (await bench.engine.query(as(user), null, "SELECT current_user", ctx))[0]?.[0] ?? undefined

    for (const role of ["shut", 'new "role']) {
      await bench.engine.allowLogin?.(cluster.source("postgres"), role, new Secret(PASSWORD), ctx)
      expect(await whoIs(role)).toBe(role)
    }
  })

  it("names a collation that the server lacks", async () => {
    const captured = await bench.captureToFile(cluster.source(database), null, ctx)
    const shape = { ...captured.shape, collate: "xx_XX.utf8", ctype: "xx_XX.utf8" }
    const failure = await failureOf(
      bench.fromFile(
        captured.file,
        async (dump) => await bench.engine.stage(cluster.source(database), names.staged, dump, shape, null, ctx),
      ),
    )
    expect(failure.code).toBe("DATABASE_RESTORE_FAILED")
    expect(failure.message).toBe("the server cannot make a database with collation xx_XX.utf8 and encoding UTF8")
  })

  it("stops at the first error of the restore, tells it, and removes what it began", async () => {
    await cluster.sql(database, "CREATE EXTENSION hstore", "CREATE TABLE h (x hstore)")
    const captured = await bench.captureToFile(cluster.source(database), null, ctx)
    const broken = await altered(bench, captured.file, (bytes) =>
      Buffer.from(bytes.toString("latin1").replaceAll("hstore", "hstoro"), "latin1"),
    )
    const failure = await failureOf(
      bench.fromFile(
        broken,
        async (dump) => await bench.engine.stage(cluster.source(database), names.staged, dump, captured.shape, null, ctx),
      ),
    )
    expect(failure.code).toBe("DATABASE_RESTORE_FAILED")
    expect(failure.why).toMatch(/^it ended with exit code 1: .*hstoro/s)
    expect(await databases()).toBe(`${database} true`)
    expect(await state()).toBe("old")
  })

  it("does not stage over a database that is there", async () => {
    const captured = await bench.captureToFile(cluster.source(database), null, ctx)
    const failure = await failureOf(
      bench.fromFile(
        captured.file,
        async (dump) => await bench.engine.stage(cluster.source(database), database, dump, captured.shape, null, ctx),
      ),
    )
    expect(failure.code).toBe("TARGET_NOT_EMPTY")
    expect(await state()).toBe("old")
  })

  it("lets nobody else into a staged database before it has its own grants", async () => {
    await cluster.sql("postgres", `REVOKE CONNECT ON DATABASE ${database} FROM PUBLIC`)
    await staged()
    expect(await cluster.value("postgres", `SELECT has_database_privilege('tenant', '${names.staged}', 'CONNECT')`)).toBe("false")
    expect(await cluster.value("postgres", `SELECT has_database_privilege('owner', '${names.staged}', 'CONNECT')`)).toBe("true")
  })

  describe("dumps that are not what they should be", () => {
    const checked = async (file: string): Promise<HoldfastError> =>
      await failureOf(bench.fromFile(file, async (dump) => await bench.engine.checkDump(dump, ctx)))
    const dumped = async (format: string): Promise<string> => {
      const file = `${bench.directory}/foreign-${database}-${format}`
      const login = ["--host", cluster.directory, "--port", String(cluster.port), "--username", "owner"]
      await command([`${cluster.binDirectory}/pg_dump`, ...login, `--format=${format}`, `--file=${file}`, database], {
        environment: { PGPASSWORD: PASSWORD },
      })
      return file
    }

    it("cut anywhere are truncated", async () => {
      await cluster.sql(database, "INSERT INTO state SELECT repeat(md5(n::text), 20) FROM generate_series(1, 300) n")
      const { file } = await bench.captureToFile(cluster.source(database), null, ctx)
      const codes = new Set<string>()
      for (const share of [0.001, 0.02, 0.1, 0.33, 0.5, 0.8, 0.95, 0.999]) {
        codes.add((await checked(await altered(bench, file, (bytes) => bytes.subarray(0, Math.floor(bytes.length * share))))).code)
      }
      codes.add((await checked(await altered(bench, file, (bytes) => bytes.subarray(0, -1)))).code)
      expect([...codes]).toEqual(["DUMP_TRUNCATED"])
    })

    it("of another format are refused at once, a cut tar archive too", async () => {
      const plain = await checked(await dumped("plain"))
      const tar = await checked(await altered(bench, await dumped("tar"), (bytes) => bytes.subarray(0, bytes.length >> 1)))
      expect([plain.code, tar.code]).toEqual(["DUMP_FORMAT_UNKNOWN", "DUMP_FORMAT_UNKNOWN"])
    })

    it("that never end are given up", async () => {
      const impatient = await engineBench(null, { stallLimitMs: 400 })
      const { file } = await bench.captureToFile(cluster.source(database), null, ctx)
      const endless = impatient.engine.checkDump(await endlessDump(impatient, file), ctx)
      const failure = await failureOf(endless)
      expect(failure.code).toBe("TOOL_TIMEOUT")
      expect(failure.message).toBe("pg_restore made no progress for 0 s and was ended")
      await impatient.close()
    })
  })
})

/** A pipe with the first half of a dump in it, whose writer says no more and does not go away. */
async function endlessDump(bench: EngineBench, file: string): Promise<{ fd: number; path: string }> {
  const { openPipe } = await import("../../src/tool/process/pipe.ts")
  const { readFile } = await import("node:fs/promises")
  const { writeSync } = await import("node:fs")
  const pipe = await openPipe(bench.processes, bench.directory, new AbortController().signal)
  writeSync(pipe.writeFd, (await readFile(file)).subarray(0, 1000))
  await delay(0)
  return { fd: pipe.readFd, path: pipe.path }
}
