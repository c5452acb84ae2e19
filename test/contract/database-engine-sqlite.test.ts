import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import type { SqliteSource } from "../../src/app/app.ts"
import { sqliteBench } from "../fixture/sqlite/bench.ts"
import { makeChat } from "../fixture/sqlite/chat.ts"
import { databaseEngineSuite, type EngineFixture } from "./database-engine.ts"

databaseEngineSuite("SQLite in WAL mode", async () => await fixture("wal"))
databaseEngineSuite("SQLite with a rollback journal", async () => await fixture("delete"))

async function fixture(journalMode: "wal" | "delete"): Promise<EngineFixture<SqliteSource>> {
  const bench = await sqliteBench()
  const path = join(bench.directory, "superchat.db")
  makeChat(path, { journalMode, fullText: true })
  return {
    ...bench,
    source: bench.source(path),
    beside: bench.source,
    missing: bench.source(join(bench.directory, "nobody-made-this.db")),
    schema: {
      version: "SELECT max(version) FROM schema_migrations",
      list: "SELECT version FROM schema_migrations ORDER BY version",
    },
    schemaVersion: "13",
    addRow: async () => {
      const database = new DatabaseSync(path)
      database.exec("INSERT INTO User (name) SELECT 'one more ' || count(*) FROM User")
      database.close()
    },
  }
}
