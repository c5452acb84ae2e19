/** Servers and dumps that are unusual without being broken. */
import { Client } from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { isHoldfastError, type HoldfastError } from "../../src/base/errors.ts"
import { Secret } from "../../src/base/secret.ts"
import { startCluster, type Cluster } from "../fixture/postgres/cluster.ts"
import { engineBench, type EngineBench } from "../fixture/postgres/engine.ts"

const PASSWORD = "canary-app-91be20"

describe("a PostgreSQL server in trouble", { timeout: 180_000 }, () => {
  let cluster: Cluster
  let bench: EngineBench

  beforeAll(async () => {
    cluster = await startCluster({ settings: { max_connections: "8", superuser_reserved_connections: "4", max_wal_senders: "0" } })
    bench = await engineBench()
    await cluster.sql("postgres", `CREATE ROLE app LOGIN PASSWORD '${PASSWORD}'`, "CREATE DATABASE shop OWNER app")
  }, 180_000)

  afterAll(async () => {
    await bench.close()
    await cluster.stop()
  }, 180_000)

  const asApp = () => cluster.source("shop", { user: "app", password: new Secret(PASSWORD) })

  it("a server without a free connection is named as such, with what to do", async () => {
    const taken = await Promise.all([1, 2, 3, 4].map(async () => await openAs(cluster.port)))
    try {
      const refused = await failureOf(bench.engine.inspect(asApp(), bench.context()))

      expect(refused.message).toBe(`cannot connect to database shop at 127.0.0.1:${cluster.port} as app`)
      expect(refused.why).toContain("connection slots")
      expect(refused.hint).toBe(
        "Every connection of the server is taken (max_connections). End idle sessions or raise it, then run the command again.",
      )
    } finally {
      await Promise.all(taken.map(async (client) => await client.end()))
    }
  })

  it("a role that may not create databases is told what would allow it", async () => {
    const { canSwap } = await bench.engine.inspect(asApp(), bench.context())

    expect(canSwap).toEqual({
      allowed: false,
      why: "role app may not create databases (CREATEDB is missing)",
      remedy: 'As a superuser run `ALTER ROLE "app" CREATEDB`; or restore beside with --into DIR and load the dump with pg_restore.',
    })
  })

  it("tables of a schema with dots in its name are found in the dump under the name that the facts have", async () => {
    await cluster.sql("shop", 'CREATE SCHEMA "v1.2"', 'CREATE TABLE "v1.2"."a.b" (id int)', 'INSERT INTO "v1.2"."a.b" VALUES (1)')
    const captured = await bench.captureToFile(cluster.source("shop"))

    const { tables } = await bench.fromFile(captured.file, async (dump) => await bench.engine.checkDump(dump, bench.context()))

    expect(Object.keys(captured.facts.rows)).toEqual(['"v1.2"."a.b"'])
    expect(tables).toContain('"v1.2"."a.b"')
  })

  it("a dump of a newer server than every client here is refused before it is read, with both versions", async () => {
    const captured = await bench.captureToFile(cluster.source("shop"))
    const client = /PostgreSQL (\S+) clients/.exec((await bench.engine.inspect(cluster.source("shop"), bench.context())).access)?.[1] ?? ""
    const made = { engineVersion: "99.1", image: null }

    const refused = await failureOf(
      bench.fromFile(captured.file, async (dump) => await bench.engine.checkDump(dump, bench.context(), made)),
    )

    expect(refused.code).toBe("DATABASE_CLIENT_TOO_OLD")
    expect(refused.message).toBe(`pg_dump ${client} is older than the server, PostgreSQL 99.1`)
    expect(refused.hint).toBe("Install PostgreSQL clients at least as new as the server, or let Holdfast use the container's own.")
  })
})

async function openAs(port: number): Promise<Client> {
  const client = new Client({ host: "127.0.0.1", port, user: "app", password: PASSWORD, database: "shop" })
  client.on("error", () => undefined)
  await client.connect()
  return client
}

async function failureOf(work: Promise<unknown>): Promise<HoldfastError> {
  try {
    await work
  } catch (thrown) {
    if (isHoldfastError(thrown)) return thrown
    throw thrown
  }
  throw new Error("it did not fail")
}
