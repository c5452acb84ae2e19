import type { PostgresAccessKind, PostgresSource } from "../../src/app/app.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { startPostgresContainer, testContainers, type ContainerOptions } from "../fixture/postgres/container.ts"
import { altered, engineBench } from "../fixture/postgres/engine.ts"
import { databaseEngineSuite, type EngineFixture } from "./database-engine.ts"

useDocker(["holdfast-test/postgres:15", "holdfast-test/postgres:17"])

const CANARY = "canary-container-9d2e"
const SMALL = `
CREATE TABLE messages (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text);
INSERT INTO messages (body) SELECT md5(n::text) || repeat('x', 300) FROM generate_series(1, 2000) n;
CREATE TABLE _migrations (version bigint); INSERT INTO _migrations VALUES (7);`

interface Variant {
  readonly name: string
  readonly options: Omit<ContainerOptions, "password">
  readonly access: PostgresAccessKind | null
}

const VARIANTS: readonly Variant[] = [
  { name: "PostgreSQL 17 by a helper container", options: { image: "holdfast-test/postgres:17", network: "bridge" }, access: null },
  {
    name: "PostgreSQL 17 by exec, without an address",
    options: { image: "holdfast-test/postgres:17", network: "unreachable" },
    access: "exec",
  },
]

for (const variant of VARIANTS) {
  databaseEngineSuite(variant.name, async (): Promise<EngineFixture<PostgresSource>> => {
    const container = await startPostgresContainer({ ...variant.options, password: CANARY })
    await container.sql(SMALL)
    const bench = await engineBench(testContainers)
    const source = container.source({ access: variant.access })
    return {
      engine: bench.engine,
      source,
      beside: (name) => ({ ...source, database: name }),
      missing: { ...source, database: "nobody_made_this" },
      schema: { version: "SELECT max(version) FROM _migrations", list: null },
      schemaVersion: "7",
      made: { engineVersion: "17.0", image: container.image },
      captureToFile: bench.captureToFile,
      fromFile: bench.fromFile,
      altered: async (file, change) => await altered(bench, file, change),
      addRow: async () => void (await container.sql("INSERT INTO messages (body) VALUES ('one more')")),
      context: bench.context,
      close: async () => {
        await container.stop()
        await bench.close()
      },
    }
  })
}
