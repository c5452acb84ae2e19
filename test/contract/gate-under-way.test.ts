/** What the gate of an update takes for a migration that runs, asked of a real server. */
import { setTimeout as delay } from "node:timers/promises"
import type { Client } from "pg"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { PostgresSource } from "../../src/app/app.ts"
import { databaseAtWork } from "../../src/app/gate-under-way.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { startCluster, type Cluster } from "../fixture/postgres/cluster.ts"
import { engineBench, type EngineBench } from "../fixture/postgres/engine.ts"

describeNeeding("postgres")("a database at work", () => {
  let cluster: Cluster
  let bench: EngineBench
  let source: PostgresSource
  const clients: Client[] = []

  beforeAll(async () => {
    cluster = await startCluster()
    bench = await engineBench()
    await cluster.sql("postgres", "CREATE DATABASE chat", "CREATE DATABASE other")
    await cluster.sql("chat", "CREATE TABLE messages (id int)")
    source = cluster.source("chat", { name: "main" })
  })

  afterAll(async () => {
    for (const client of clients) await client.end().catch(() => undefined)
    await bench.close()
    await cluster.stop()
  })

  const look = async (of = source): Promise<string | null> => await databaseAtWork({ for: () => bench.engine }, [of], bench.context())

  /** A session that works until it is ended. */
  async function session(database: string, program: string): Promise<Client> {
    const client = await cluster.connect(database)
    clients.push(client)
    await client.query(`SET application_name = '${program}'`)
    return client
  }

  /** The statement is waited for, so that the next case finds nobody at work. */
  async function working(client: Client, statement: string, use: () => Promise<void>): Promise<void> {
    const ended = client.query(statement)
    try {
      await use()
    } finally {
      await ended
    }
  }

  it("is not one where nobody does anything, or somebody only holds a session", async () => {
    await session("chat", "idle")
    expect(await look()).toBeNull()
  })

  it("is one where a statement runs for seconds, told by its first word and its program, not by its text", async () => {
    const client = await session("chat", "migrator")
    await working(client, "\n  CREATE TABLE made AS SELECT 'canary-7731' FROM pg_sleep(6)", async () => {
      await expect.poll(async () => await look(), { timeout: 5000 }).toBe("CREATE of migrator is at work in database main")
    })
  })

  it("is one where a transaction has locked a table against everybody, also while it does nothing", async () => {
    const client = await session("chat", "migrator")
    await client.query("BEGIN")
    await client.query("ALTER TABLE messages ADD COLUMN body text")
    expect(await look()).toBe("a transaction of migrator is at work in database main")
    await client.query("ROLLBACK")
    expect(await look()).toBeNull()
  })

  it.each([
    ["a session of our own", "chat", "holdfast:20260607"],
    ["a dump", "chat", "pg_dump"],
    ["somebody at another database", "other", "migrator"],
  ])("is not one for %s", async (_what, database, program) => {
    const client = await session(database, program)
    await working(client, "SELECT pg_sleep(4)", async () => {
      await delay(2500)
      expect(await look()).toBeNull()
    })
  })

  it("is not one that cannot be asked", async () => {
    expect(await look({ ...source, port: 1 })).toBeNull()
  })
})
