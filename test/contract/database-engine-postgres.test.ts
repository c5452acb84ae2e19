import type { PostgresSource } from "../../src/app/app.ts"
import { fillChatData } from "../fixture/postgres/chat-data.ts"
import { startCluster } from "../fixture/postgres/cluster.ts"
import { altered, engineBench } from "../fixture/postgres/engine.ts"
import { databaseEngineSuite, type EngineFixture } from "./database-engine.ts"

databaseEngineSuite("PostgreSQL over TCP", async (): Promise<EngineFixture<PostgresSource>> => {
  const cluster = await startCluster()
  const bench = await engineBench()
  await cluster.sql("postgres", "CREATE DATABASE chat")
  const client = await cluster.connect("chat")
  await fillChatData(client, { megabytes: 1 })
  await client.end()
  return {
    engine: bench.engine,
    source: cluster.source("chat"),
    missing: cluster.source("nobody_made_this"),
    schema: { version: "SELECT max(version) FROM _migrations", list: "SELECT version FROM _migrations ORDER BY version" },
    schemaVersion: "3",
    captureToFile: bench.captureToFile,
    fromFile: bench.fromFile,
    altered: async (file, change) => await altered(bench, file, change),
    addRow: async () => await cluster.sql("chat", "INSERT INTO channels (title) VALUES ('one more')"),
    context: bench.context,
    close: async () => {
      await cluster.stop()
      await bench.close()
    },
  }
})
