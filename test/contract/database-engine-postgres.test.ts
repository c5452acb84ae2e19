import type { PostgresSource } from "../../src/app/app.ts"
import { fillChatData } from "../fixture/postgres/chat-data.ts"
import { startCluster } from "../fixture/postgres/cluster.ts"
import { altered, engineBench } from "../fixture/postgres/engine.ts"
import { databaseEngineSuite, type EngineFixture } from "./database-engine.ts"

const OF_THE_DATABASE = [
  "ALTER DATABASE chat SET work_mem = '7MB'",
  "ALTER ROLE reader IN DATABASE chat SET statement_timeout = '1min'",
  "ALTER DATABASE chat CONNECTION LIMIT 17",
  "REVOKE CONNECT ON DATABASE chat FROM PUBLIC",
  "GRANT CONNECT ON DATABASE chat TO reader",
  "COMMENT ON DATABASE chat IS 'of the chat'",
]

databaseEngineSuite("PostgreSQL over TCP", async (): Promise<EngineFixture<PostgresSource>> => {
  const cluster = await startCluster()
  const bench = await engineBench()
  await cluster.sql("postgres", "CREATE DATABASE chat")
  const client = await cluster.connect("chat")
  await fillChatData(client, { megabytes: 1 })
  await client.end()
  await cluster.sql("postgres", "CREATE ROLE reader", ...OF_THE_DATABASE)
  return {
    engine: bench.engine,
    source: cluster.source("chat"),
    beside: (name) => cluster.source(name),
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
