import { afterAll, beforeAll, expect, it } from "vitest"
import type { PostgresSource } from "../../src/app/app.ts"
import type { DatabaseEngine } from "../../src/app/ports.ts"
import { unnamedDatabases } from "../../src/app/unnamed-databases.ts"
import { createCommandEngine } from "../../src/tool/engine/command/command.ts"
import { replacementNames } from "../../src/tool/engine/postgres/names.ts"
import { createSqliteEngine } from "../../src/tool/engine/sqlite/sqlite.ts"
import { createEngineTable } from "../../src/tool/engine/table.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { startCluster, SUPERUSER_PASSWORD } from "../fixture/postgres/cluster.ts"
import { engineBench, type EngineBench } from "../fixture/postgres/engine.ts"

describeNeeding("postgres")("a server with more databases than the settings name", () => {
  let cluster: Awaited<ReturnType<typeof startCluster>>
  let bench: EngineBench

  beforeAll(async () => {
    ;[cluster, bench] = await Promise.all([startCluster(), engineBench()])
    await cluster.sql(
      "postgres",
      "CREATE DATABASE chat",
      "CREATE DATABASE stats",
      `CREATE ROLE writer LOGIN PASSWORD '${SUPERUSER_PASSWORD}'`,
    )
  })
  afterAll(async () => {
    await bench.close()
    await cluster.stop()
  })

  const others = async (source: PostgresSource): Promise<readonly string[]> =>
    ((await bench.engine.otherDatabases?.(source, bench.context())) ?? []).map(({ name }) => name)

  it("names them with their size, without what is made with every server and what Holdfast keeps beside", async () => {
    const { staged, kept } = replacementNames("chat", bench.context().operationId)
    await cluster.sql("postgres", `CREATE DATABASE ${JSON.stringify(staged)}`, `CREATE DATABASE ${JSON.stringify(kept)}`)

    const found = (await bench.engine.otherDatabases?.(cluster.source("chat"), bench.context())) ?? []

    expect(found.map(({ name }) => name)).toEqual(["stats"])
    expect(found[0]?.sizeBytes).toBeGreaterThan(1_000_000)
    expect(await others(cluster.source("stats"))).toEqual(["chat"])
  })

  it("names the one that every server has once somebody keeps data in it", async () => {
    await cluster.sql("postgres", "CREATE TABLE mine AS SELECT md5(n::text) FROM generate_series(1, 20000) n")

    expect(await others(cluster.source("chat"))).toEqual(["postgres", "stats"])

    await cluster.sql("postgres", "DROP TABLE mine")
    expect(await others(cluster.source("chat"))).toEqual(["stats"])
  })

  it("names one that the role may not enter, without its size", async () => {
    await cluster.sql("postgres", "REVOKE CONNECT ON DATABASE stats FROM PUBLIC")

    const asWriter = { ...cluster.source("chat"), user: "writer" }

    expect(await bench.engine.otherDatabases?.(asWriter, bench.context())).toEqual([{ name: "stats", sizeBytes: null }])
  })

  it("is asked once, and only where it belongs to the app's own project", async () => {
    const asked: string[] = []
    const engine: DatabaseEngine<PostgresSource> = {
      ...bench.engine,
      otherDatabases: async (source, ctx) => {
        asked.push(source.name)
        return (await bench.engine.otherDatabases?.(source, ctx)) ?? []
      },
    }
    const { processes, directory: scratchDirectory } = bench
    const engines = createEngineTable({
      postgres: engine,
      sqlite: createSqliteEngine({ processes, scratchDirectory, nodeBinary: process.execPath }),
      command: createCommandEngine({ processes, directory: scratchDirectory }),
    })
    const own = (name: string): PostgresSource => ({ ...cluster.source(name), name, service: "db" })
    const unnamed = async (...databases: readonly PostgresSource[]): Promise<readonly string[]> =>
      (await unnamedDatabases(engines, { databases }, bench.context())).map(({ text }) => text)
    const onPurpose = { databases: [own("chat")], leaveOut: ["other/stats", "db/stats"] }

    expect(await unnamed(cluster.source("chat"))).toEqual([])
    expect(await unnamed(own("chat"), own("stats"))).toEqual([])
    expect(asked).toEqual(["chat"])
    expect(await unnamedDatabases(engines, onPurpose, bench.context())).toEqual([])
    expect(await unnamedDatabases(engines, { databases: [own("chat")] }, bench.context())).toMatchObject([
      { name: "db/stats", what: "database stats of the server db", service: "db", database: "stats" },
    ])
    expect(await unnamed(own("chat"))).toEqual([
      expect.stringMatching(/^database stats \(\S+ MiB\) of the server db is not named in the settings$/),
    ])
  })
})
