import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { PostgresAccessKind } from "../../src/app/app.ts"
import { Secret } from "../../src/base/secret.ts"
import { command } from "../fixture/docker/command.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { startPostgresContainer, testContainers, type PostgresContainer } from "../fixture/postgres/container.ts"
import { temporaryDirectory } from "../fixture/tmp.ts"
import { engineBench, type EngineBench } from "../fixture/postgres/engine.ts"

useDocker(["holdfast-test/postgres:15", "holdfast-test/postgres:17"])

const CANARY = "canary-access-0b7d"

describe("PostgreSQL in containers", () => {
  let fifteen: PostgresContainer
  let seventeen: PostgresContainer
  let bench: EngineBench

  beforeAll(async () => {
    bench = await engineBench(testContainers)
    fifteen = await startPostgresContainer({ image: "holdfast-test/postgres:15", network: "bridge", password: CANARY })
    seventeen = await startPostgresContainer({ image: "holdfast-test/postgres:17", network: "bridge", password: CANARY })
    for (const container of [fifteen, seventeen])
      await container.sql("CREATE TABLE t AS SELECT n, repeat(md5(n::text), 20) AS x FROM generate_series(1, 500) n")
  }, 120_000)
  afterAll(async () => {
    await fifteen.stop()
    await seventeen.stop()
    await bench.close()
  })

  it("is reached by TCP where this machine has a client that is new enough, with the password the container was given", async () => {
    const inspection = await bench.engine.inspect(fifteen.source(), bench.context())
    expect(inspection.access).toMatch(/^tcp: \d+\.\d+\.\d+\.\d+:5432, with PostgreSQL 15\.\d+ clients of this machine$/)
  })

  it("is reached by a helper of its own image where this machine's client is too old, and says why", async () => {
    const inspection = await bench.engine.inspect(seventeen.source(), bench.context())
    expect(inspection.access).toMatch(
      /^helper: \S+:5432, with PostgreSQL 17\.\d+ clients in a helper container of the database's image \(not by tcp: pg_dump 15\.\d+ is older than the server, PostgreSQL 17\.\d+\)$/,
    )
    expect(inspection.toolVersion).toMatch(/^17\./)
  })

  it("is reached by its own image's programs where this machine's are newer: what those dump, its own could not restore", async () => {
    const directory = await temporaryDirectory("newer-client")
    // Only asked for its version. Real programs of another major version restore in scenario/container-app.
    await writeFile(join(directory, "pg_dump"), "#!/bin/sh\necho 'pg_dump (PostgreSQL) 17.11'\n", { mode: 0o755 })
    const newer = await engineBench(testContainers, { pgBinDirectories: [directory] })
    try {
      const { access } = await newer.engine.inspect(fifteen.source(), newer.context())
      expect(access).toMatch(/^helper: .*, with PostgreSQL 15\.\d+ clients in a helper container of the database's image \(not by tcp: /)
      expect(access).toContain("pg_dump 17.11 is newer than the server, PostgreSQL 15.")
      const forced = await newer.engine.inspect(fifteen.source({ access: "tcp" }), newer.context())
      expect(forced.access).toMatch(/^tcp: .*, with PostgreSQL 17\.11 clients of this machine$/)
    } finally {
      await newer.close()
    }
  })

  it("refuses a forced way that cannot work, naming both versions", async () => {
    await expect(bench.engine.inspect(seventeen.source({ access: "tcp" }), bench.context())).rejects.toMatchObject({
      code: "DATABASE_CLIENT_TOO_OLD",
      message: expect.stringMatching(/^pg_dump 15\.\d+ is older than the server, PostgreSQL 17\.\d+$/) as unknown,
    })
  })

  it("says that a password is wrong instead of going round it", async () => {
    const source = fifteen.source({ password: new Secret("canary-wrong") })
    await expect(bench.engine.inspect(source, bench.context())).rejects.toMatchObject({ code: "DATABASE_AUTH_FAILED" })
  })

  it("says that a service is missing or does not run", async () => {
    await expect(bench.engine.inspect(fifteen.source({ service: "db" }), bench.context())).rejects.toMatchObject({
      code: "COMPOSE_SERVICE_MISSING",
      message: `project ${fifteen.projectName} has no container of service db`,
    })
  })

  it.each<PostgresAccessKind>(["tcp", "helper", "exec"])("gives the same facts by %s", async (access) => {
    const captured = await bench.captureToFile(fifteen.source({ access }))
    expect(captured.access).toBe(access)
    expect(captured.facts.rows).toEqual({ "public.t": 500 })
    const checked = await bench.fromFile(captured.file, async (dump) => await bench.engine.checkDump(dump, bench.context()))
    expect(checked.tables).toEqual(["public.t"])
  })

  it("shows the password to nobody who may look at containers and processes", async () => {
    const seen: string[] = []
    let watching = true
    const watcher = (async () => {
      while (watching) {
        const ids = (await command(["docker", "ps", "--all", "--quiet", "--filter", "label=holdfast.operation"]))
          .split("\n")
          .filter(Boolean)
        for (const id of ids) seen.push(await command(["docker", "inspect", id]).catch(() => ""))
        seen.push(await command(["ps", "-eo", "args"]))
      }
    })()
    const source = { password: new Secret(CANARY) }
    await bench.captureToFile(seventeen.source({ ...source, access: "helper" }))
    await bench.captureToFile(seventeen.source({ ...source, access: "exec" }))
    watching = false
    await watcher
    const all = seen.join("\n")
    expect(all).toContain("--snapshot=")
    expect(all).toContain("/holdfast-stream")
    expect(all).not.toContain(CANARY)
    const left = await command(["docker", "exec", seventeen.id, "sh", "-c", "ls -a /tmp"])
    expect(left).not.toContain("holdfast")
  }, 60_000)

  it("is drilled in a throwaway server of its own image, without a network, that is gone afterwards", async () => {
    const captured = await bench.captureToFile(seventeen.source())
    const ctx = bench.context()
    const request = {
      image: seventeen.image,
      majorVersion: captured.facts.engineVersion,
      shape: captured.shape,
      directory: bench.directory,
    }
    const staged = await bench.engine.scratch(
      seventeen.source(),
      request,
      async (scratch, inner) => {
        const made = await bench.fromFile(
          captured.file,
          async (dump) => await bench.engine.stage(scratch, scratch.database, dump, captured.shape, null, inner),
        )
        expect(await bench.engine.query(scratch, null, "SELECT count(*) FROM t", inner)).toEqual([["500"]])
        return made
      },
      ctx,
    )
    expect(staged.facts.rows).toEqual(captured.facts.rows)
    expect(staged.facts.engineVersion).toMatch(/^17\./)
    expect(await command(["docker", "ps", "--all", "--quiet", "--filter", `label=holdfast.operation=${ctx.operationId}`])).toBe("")
  }, 60_000)
})
