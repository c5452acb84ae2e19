/** Updates of a plain program with its rows in PostgreSQL: rehearsed in a throwaway server, applied under a writer, taken back by itself and by hand. */
import { execFile } from "node:child_process"
import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect } from "vitest"
import { backupOutput, drillOutput } from "../../src/contract/output.ts"
import { rollbackOutput, rollbackPlanOutput, updateOutput, updatePlanOutput } from "../../src/contract/output-update.ts"
import { freePort } from "../fixture/free-port.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { startCluster, type Cluster } from "../fixture/postgres/cluster.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { startNumberWriter } from "../fixture/versioned-app/writer.ts"
import { cliIn, type Cli } from "./cli.ts"
import { storySteps } from "./story.ts"

const APP = "counter"
const PASSWORD = "canary-plain-4d19"
const DATABASE = "counter"
const run = promisify(execFile)
const PLAIN_APP = join(import.meta.dirname, "../fixture/plain-app")
const NODE = [process.execPath, "--disable-warning=ExperimentalWarning"] as const

describeNeeding(
  "root",
  "restic",
  "postgres",
)("an update of a plain program with PostgreSQL", () => {
  const step = storySteps()
  let directory = ""
  let folder = ""
  let address = ""
  let cluster: Cluster
  let cli: Cli

  const publish = async (version: string, schema: number, trouble: "live migration" | "health" | null = null): Promise<void> => {
    const place = join(folder, "releases", version)
    await mkdir(place, { recursive: true })
    await copyFile(join(PLAIN_APP, "postgres-program.ts"), join(place, "program.ts"))
    await copyFile(join(PLAIN_APP, "background.ts"), join(place, "background.ts"))
    await writeFile(join(place, "version.json"), JSON.stringify({ version, schema, trouble }))
  }
  const packages = `APP_PACKAGES=${resolve(import.meta.dirname, "../../package.json")}`
  const argv = (word: string, port: number): readonly string[] => [
    "env",
    packages,
    ...NODE,
    join(folder, "current/program.ts"),
    word,
    folder,
    String(port),
  ]
  const addEntry = async (writer: string, number: number): Promise<void> => {
    const answer = await fetch(`${address}/entries/${writer}/${number}`, { method: "POST" })
    if (!answer.ok) throw new Error(`answered ${answer.status}`)
  }
  const state = async (): Promise<unknown> => ({
    health: await (await fetch(`${address}/health`)).json(),
    rows: await cluster.value(DATABASE, "SELECT string_agg(writer || ' ' || number, ',' ORDER BY writer, number) FROM entries"),
    columns: await cluster.value(
      DATABASE,
      "SELECT string_agg(column_name, ',' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = 'entries'",
    ),
  })

  beforeAll(async () => {
    directory = await newDirectory("update-plain-postgres")
    folder = join(directory, "srv")
    cluster = await startCluster()
    await cluster.sql("postgres", `CREATE ROLE counter LOGIN CREATEDB PASSWORD '${PASSWORD}'`, `CREATE DATABASE ${DATABASE} OWNER counter`)
    await cluster.sql(DATABASE, "SET ROLE counter", "CREATE TABLE entries (writer text, number int, PRIMARY KEY (writer, number))")
    const url = `postgres://counter:${PASSWORD}@127.0.0.1:${cluster.port}/${DATABASE}`
    const port = await freePort()
    address = `http://127.0.0.1:${port}`
    await publish("1.0.0", 1)
    await symlink("releases/1.0.0", join(folder, "current"))
    await writeFile(join(folder, "database"), url, { mode: 0o600 })
    await mkdir(join(directory, "state"))
    const settings = {
      vaults: { local: { path: "./vault" } },
      apps: {
        [APP]: {
          run: { start: argv("start", port), stop: argv("stop", port) },
          databases: { main: { url: "env:COUNTER_DATABASE" } },
          health: { url: `${address}/health`, expect: { status: "ok" }, version: "version" },
          updates: {
            source: "directories",
            install: {
              link: join(folder, "current"),
              releases: join(folder, "releases"),
              migrate: ["env", packages, ...NODE, "program.ts", "migrate"],
            },
            stability: "1s",
            timeout: "8s",
          },
        },
      },
    }
    await writeFile(join(directory, "holdfast.yaml"), JSON.stringify(settings, null, 2))
    cli = cliIn({ cwd: directory, stateDirectory: join(directory, "state"), environment: { COUNTER_DATABASE: url } })
    const [file = "", ...words] = argv("start", port)
    await run(file, words)
    for (let number = 1; number <= 12; number += 1) await addEntry("before", number)
    await cli.json(backupOutput, ["backup", APP])
    expect(await cli.json(drillOutput, ["drill", APP, "--level", "restored"])).toMatchObject({ passed: true })
  })

  afterAll(async () => {
    const [file = "", ...words] = argv("stop", 0)
    await run(file, words)
    await cluster?.stop()
    await removeTree(directory)
  })

  step("whose migration fails live gives back rows and link", async () => {
    const before = await state()
    await publish("1.0.1", 2, "live migration")

    const error = await cli.error("update", "apply", APP, "--yes")

    expect(error.code, JSON.stringify(error)).toBe("UPDATE_ROLLED_BACK")
    expect(await state()).toEqual(before)
  })

  step("that is not well after its start is taken back; what it wrote is counted and lies beside", async () => {
    const before = await state()
    await publish("1.0.2", 2, "health")

    const error = await cli.error("update", "apply", APP, "--yes")

    expect(error).toMatchObject({
      code: "UPDATE_ROLLED_BACK",
      what: expect.stringContaining("1 row that the new version had written are kept beside"),
    })
    expect(await state()).toEqual(before)
  })

  step("is planned with a copy beside, and rehearsed without the live database", async () => {
    const before = await state()
    await publish("1.1.0", 2)

    const { plan } = await cli.json(updatePlanOutput, ["update", "plan", APP, "--rehearse"])

    expect(plan).toMatchObject({ databases: [{ name: "main", way: "clone" }], rehearsal: { passed: true } })
    expect(await state()).toEqual(before)
  })

  step("is applied under a writer: nothing that was acknowledged is lost", async () => {
    const writer = startNumberWriter({ addEntry, addFile: async () => await Promise.resolve() })
    try {
      await writer.wait(20)
      const { applied } = await cli.json(updateOutput, ["update", "apply", APP, "--yes"])
      await writer.wait(10)
      expect(applied).toMatchObject([{ outcome: "applied", from: "1.0.0", to: "1.1.0" }])
    } finally {
      await writer.stop()
    }
    const there = new Set(
      (await cluster.value(DATABASE, `SELECT string_agg(number::text, ',') FROM entries WHERE writer = '${writer.name}'`)).split(","),
    )
    expect(writer.acknowledged.filter((number) => !there.has(String(number)))).toEqual([])
    expect(await state()).toMatchObject({ health: { version: "1.1.0", schema: 2 }, columns: "writer,number,made_by" })
  })

  step("is taken back by hand: rows of the stop are live, what came since is counted", async () => {
    for (let number = 1; number <= 5; number += 1) await addEntry("since", number)
    const { plan } = await cli.json(rollbackPlanOutput, ["update", "rollback", APP, "--plan"])
    expect(plan.rowsLost.find(({ table }) => table.endsWith("entries"))?.rows).toBeGreaterThanOrEqual(5)

    await cli.json(rollbackOutput, ["update", "rollback", APP, "--yes"])

    expect(await state()).toMatchObject({ health: { status: "ok", version: "1.0.0", schema: 1 }, columns: "writer,number" })
    expect(await cluster.value(DATABASE, "SELECT count(*) FROM entries WHERE writer = 'since'")).toBe("0")
    expect(await cluster.value(DATABASE, "SELECT count(*) FROM entries WHERE writer = 'before'")).toBe("12")
  })
})
