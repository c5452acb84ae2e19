/** SIGKILL at the journaled steps of an app with a PostgreSQL database, and while a tool of ours holds the server: nothing of a killed run stays in it. */
import { spawn } from "node:child_process"
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { backupOutput, operationsOutput, restoreOutput } from "../../src/contract/output.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { startCluster, SUPERUSER_PASSWORD, type Cluster } from "../fixture/postgres/cluster.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "../scenario/cli.ts"
import type { CrashWorld } from "./harness.ts"
import { expectNothingUnfinished, expectPointsWhole, processesNaming } from "./invariants.ts"
import { walk } from "./matrix.ts"
import { saveWorld, treeDigest, type SavedWorld } from "./plain-world.ts"

const ROWS = "SELECT md5(string_agg(id || body, ',' ORDER BY id)) FROM message"

let cluster: Cluster
let directory = ""
let cli: Cli
let world: SavedWorld
let point = ""
/** Rows and files of the point, and of what is live when it is restored. */
let pointState: readonly string[] = []
let liveState: readonly string[] = []

beforeAll(async () => {
  cluster = await startCluster()
  directory = await newDirectory("crash-pg")
  cli = cliIn({ cwd: directory, stateDirectory: join(directory, "state") })
  await makeApp()
  point = (await cli.json(backupOutput, ["backup"])).point?.id ?? ""
  expect((await cli.run("verify")).exitCode).toBe(0)
  pointState = await stateNow()
  await cluster.sql("chat", "INSERT INTO message SELECT i, 'later ' || i FROM generate_series(1000, 1020) i")
  await writeFile(join(directory, "app/uploads/later.txt"), "later")
  liveState = await stateNow()
  await cluster.sql("postgres", "CREATE DATABASE saved TEMPLATE chat")
  world = await saveWorld(directory)
})

afterAll(async () => {
  await cluster.stop()
  await removeTree(directory)
  await world.dispose()
})

async function makeApp(): Promise<void> {
  await cluster.sql("postgres", "CREATE DATABASE chat")
  await cluster.sql(
    "chat",
    "CREATE TABLE message (id int PRIMARY KEY, body text NOT NULL)",
    "INSERT INTO message SELECT i, 'body ' || i FROM generate_series(1, 300) i",
  )
  const app = join(directory, "app")
  await mkdir(join(app, "uploads"), { recursive: true })
  await writeFile(join(app, "uploads/one.txt"), "one")
  await writeFile(join(directory, "password"), SUPERUSER_PASSWORD)
  await writeFile(join(app, "running"), "")
  await writeFile(join(app, "run.sh"), `case $1 in start) : > ${app}/running ;; stop) rm -f ${app}/running ;; esac\n`)
  const postgres = { host: "127.0.0.1", port: cluster.port, database: "chat", user: "admin", passwordFile: "./password" }
  const run = { start: ["/bin/sh", `${app}/run.sh`, "start"], stop: ["/bin/sh", `${app}/run.sh`, "stop"] }
  const chat = { databases: { main: { postgres } }, files: { uploads: { path: "./app/uploads" } }, run }
  await writeFile(join(directory, "holdfast.yaml"), JSON.stringify({ vaults: { local: { path: "./vault" } }, apps: { chat } }))
}

async function stateNow(): Promise<readonly string[]> {
  return [await cluster.value("chat", ROWS), await treeDigest(join(directory, "app/uploads"))]
}

async function resetAll(): Promise<void> {
  await world.reset()
  for (const name of await databases()) if (name !== "saved") await cluster.sql("postgres", `DROP DATABASE "${name}" WITH (FORCE)`)
  await cluster.sql("postgres", "CREATE DATABASE chat TEMPLATE saved")
}

async function databases(): Promise<readonly string[]> {
  const list = await cluster.value(
    "postgres",
    "SELECT string_agg(datname, ',' ORDER BY datname) FROM pg_database WHERE datname NOT IN ('postgres') AND NOT datistemplate",
  )
  return list === "null" ? [] : list.split(",")
}

/** Sessions of Holdfast, by the name it gives them; ended ones take a moment to go. */
async function expectServerClean(kept: boolean): Promise<void> {
  const sessions =
    "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%' OR application_name IN ('pg_dump', 'pg_restore')"
  await expect.poll(async () => await cluster.value("postgres", sessions), { timeout: 30_000 }).toBe("0")
  const ours = (await databases()).filter((name) => name !== "chat" && name !== "saved")
  expect(ours, "databases of ours are left").toHaveLength(kept ? 1 : 0)
}

async function checkAround(options: { kept: boolean }): Promise<readonly string[]> {
  expect(await readdir(join(directory, "app")), "the app does not run").toContain("running")
  expectNothingUnfinished(join(directory, "state"))
  const ids = await expectPointsWhole(cli, "chat")
  await expectServerClean(options.kept)
  expect(await readdir(join(directory, "state/scratch"))).toEqual([])
  expect(await processesNaming(directory)).toEqual([])
  expect(await processesNaming(`port=${cluster.port}`)).toEqual([])
  return ids
}

async function prepare(...words: readonly string[]): Promise<CrashWorld> {
  await resetAll()
  const environment = { HOLDFAST_STATE_DIR: join(directory, "state") }
  return { directory, words, settleWords: ["points", "chat"], environment, dispose: async () => await Promise.resolve() }
}

describeNeeding("restic", "postgres")("an app with a PostgreSQL database, killed", () => {
  it("in a cold backup: the point is whole or absent, no session is left", async () => {
    await walk(
      "backup --cold with PostgreSQL",
      {
        prepare: async () => await prepare("backup", "chat", "--cold"),
        check: async () => {
          expect(await checkAround({ kept: false })).toContain(point)
          expect(await stateNow()).toEqual(liveState)
        },
      },
      ["capture-database"],
    )
  })

  it("in a hot backup: the point is whole or absent, and neither pg_dump nor a session is left", async () => {
    await walk(
      "backup with PostgreSQL",
      {
        prepare: async () => await prepare("backup", "chat"),
        check: async () => {
          expect(await checkAround({ kept: false })).toContain(point)
          expect(await stateNow()).toEqual(liveState)
        },
      },
      ["capture-database", "seal"],
    )
  })

  it("in a restore: rows and files are old or new together, and no database of ours is left", async () => {
    await walk(
      "restore in place with PostgreSQL",
      {
        prepare: async () => await prepare("restore", "chat", point, "--yes"),
        check: async () => {
          const now = await stateNow()
          expect([pointState, liveState]).toContainEqual(now)
          const isNew = now[0] === pointState[0]
          await checkAround({ kept: isNew })
          if (!isNew) return
          const { operations } = await cli.json(operationsOutput, ["operations", "--app", "chat"])
          const restore = operations.find((one) => one.kind === "restore")?.id ?? ""
          expect((await cli.run("undo", restore, "--yes")).exitCode).toBe(0)
          expect(await stateNow()).toEqual(liveState)
        },
      },
      ["stage-database", "swap", "start"],
    )
  })

  it("in a restore of one table: its rows are old or new, and no database of ours is left", async () => {
    await walk(
      "restore of one table with PostgreSQL",
      {
        prepare: async () => await prepare("restore", "chat", point, "--table", "message", "--yes"),
        check: async () => {
          const [rows, files] = await stateNow()
          expect([pointState[0], liveState[0]]).toContain(rows)
          expect(files).toBe(liveState[1])
          await checkAround({ kept: rows === pointState[0] })
        },
      },
      ["stage-database", "swap"],
    )
  })

  it("in an undo: it is done, or it can be done again", async () => {
    await resetAll()
    const { operationId } = await cli.json(restoreOutput, ["restore", "chat", point, "--yes"])
    const restored = await saveWorld(directory)
    await cluster.sql("postgres", "DROP DATABASE IF EXISTS restored_chat", "CREATE DATABASE restored_chat TEMPLATE chat")
    const kept = (await databases()).find((name) => !["chat", "saved", "restored_chat"].includes(name)) ?? ""
    expect(kept).not.toBe("")
    try {
      await walk(
        "undo with PostgreSQL",
        {
          prepare: async () => {
            const prepared = await prepare("undo", operationId, "--yes")
            await restored.reset()
            await cluster.sql(
              "postgres",
              "DROP DATABASE chat",
              `CREATE DATABASE "${kept}" TEMPLATE saved`,
              "CREATE DATABASE chat TEMPLATE saved",
            )
            await cluster.sql("chat", "DELETE FROM message WHERE id >= 1000")
            return prepared
          },
          check: async () => {
            const now = await stateNow()
            expect([pointState, liveState]).toContainEqual(now)
            const undone = now[0] === liveState[0]
            await checkAround({ kept: !undone })
            if (undone) return
            expect((await cli.run("undo", operationId, "--yes")).exitCode).toBe(0)
            expect(await stateNow()).toEqual(liveState)
            await expectServerClean(false)
          },
        },
        ["swap"],
      )
    } finally {
      await restored.dispose()
    }
  })

  it("while pg_dump waits for a lock: no pg_dump, no restic and no session stay", async () => {
    await resetAll()
    const holder = await cluster.connect("chat")
    await holder.query("BEGIN")
    await holder.query("LOCK TABLE message IN ACCESS EXCLUSIVE MODE")
    const child = spawn(process.execPath, [join(import.meta.dirname, "../../src/main.ts"), "backup", "chat"], {
      cwd: directory,
      env: { PATH: process.env["PATH"], HOME: directory, HOLDFAST_STATE_DIR: join(directory, "state") },
      stdio: "ignore",
    })
    const waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'chat'"
    await expect.poll(async () => await cluster.value("postgres", waiting), { timeout: 60_000 }).toBe("1")
    const exited = new Promise((resolve) => child.on("exit", resolve))
    child.kill("SIGKILL")
    await exited
    await expect.poll(async () => await processesNaming(directory), { timeout: 30_000 }).toEqual([])
    expect((await cli.run("points", "chat")).exitCode).toBe(0)
    await holder.query("ROLLBACK")
    await holder.end()
    await checkAround({ kept: false })
    expect((await cli.run("backup", "chat")).exitCode).toBe(0)
    expect(await readFile(join(directory, "holdfast.yaml"), "utf8")).not.toContain(SUPERUSER_PASSWORD)
    await rm(join(directory, "trace"), { force: true })
  })
})
