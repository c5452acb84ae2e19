/** Restores beside: one database of a point as a new database, touching nothing live, with a password that stays where it was typed. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { backupOutput, operationsOutput } from "../../src/contract/output.ts"
import { doctorOutput } from "../../src/contract/output-host.ts"
import { isKnownVulnerable } from "../../src/doctor/known-faults.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { startCluster, SUPERUSER_PASSWORD, type Cluster } from "../fixture/postgres/cluster.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "./cli.ts"

const SIX_MINUTES_MS = 360_000

let cluster: Cluster
let directory = ""
let cli: Cli

beforeAll(async () => {
  cluster = await startCluster()
  directory = await newDirectory("beside")
  await cluster.sql("postgres", "CREATE DATABASE chat")
  await cluster.sql("chat", "CREATE TABLE users (id int PRIMARY KEY, name text)", "INSERT INTO users VALUES (1, 'ann'), (2, 'bob')")
  await mkdir(join(directory, "state"))
  await writeFile(
    join(directory, "holdfast.yaml"),
    `vaults: { local: { path: ./vault } }\napps: { chat: { databases: { main: { url: "env:CHAT_URL" } }, secrets: [] } }\n`,
  )
  const environment = { CHAT_URL: address("chat"), BESIDE_URL: address("chat_env") }
  cli = cliIn({ cwd: directory, stateDirectory: join(directory, "state"), environment })
})

afterAll(async () => {
  await cluster.stop()
  await removeTree(directory)
})

const address = (database: string, host = "127.0.0.1"): string =>
  `postgres://admin:${SUPERUSER_PASSWORD}@${host}:${cluster.port}/${database}`

async function everythingIn(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return (await Promise.all(files.map(async (entry) => await readFile(join(entry.parentPath, entry.name), "latin1")))).join("\n")
}

describeNeeding("restic", "postgres")("restore --into an address", () => {
  it(
    "names databases and files that a restore put beside and that nothing knows any more, and clients with known holes",
    async () => {
      const left = "chat_kept_20260101t000000-abcdef"
      await cluster.sql("postgres", `CREATE DATABASE "${left}"`)
      await writeFile(join(directory, ".holdfast.yaml.holdfast-kept-20260101t000000-abcdef"), "x")
      const { findings } = await cli.json(doctorOutput, ["doctor"], 3)
      // The engine is everybody's: a container of another suite's sandbox is that suite's.
      const leftovers = findings.filter((finding) => finding.check === "leftovers" && finding.subject !== "Docker")
      expect(leftovers).toEqual([
        {
          check: "leftovers",
          subject: "chat",
          severity: "warn",
          what: `database ${left} was put beside by a restore, and no operation or kept state knows it any more`,
          do: `Look at what it holds; if nothing is missed, remove it: DROP DATABASE "${left}"`,
        },
        expect.objectContaining({
          what: expect.stringContaining("/.holdfast.yaml.holdfast-kept-20260101t000000-abcdef was put beside by a restore") as unknown,
        }) as unknown,
      ])
      const client = findings.find((finding) => finding.check === "postgres-clients" && finding.subject === "pg_restore")
      const version = /version (\S+)/.exec(client?.what ?? "")?.[1] ?? ""
      const known = isKnownVulnerable(version)
      expect(client).toMatchObject({
        severity: known ? "warn" : "ok",
        what: known ? `version ${version} has a known hole: a crafted dump can run code (CVE-2026-116314)` : `version ${version}`,
      })
    },
    SIX_MINUTES_MS,
  )

  it(
    "makes a new database with the facts of the point, refuses the live one and one that is there, and keeps the password to itself",
    async () => {
      await cli.json(backupOutput, ["backup", "chat"])
      await cluster.sql("chat", "DELETE FROM users")

      const made = await cli.run("restore", "chat", "latest", "--into", address("chat_beside"))
      expect(made.exitCode).toBe(0)
      expect(made.stdout).toContain(`as database chat_beside on 127.0.0.1:${cluster.port}: 2 rows, as they were captured`)
      expect(await cluster.value("chat_beside", "SELECT string_agg(name, ',' ORDER BY id) FROM users")).toBe("ann,bob")
      expect(await cluster.value("chat", "SELECT count(*) FROM users")).toBe("0")
      expect((await cli.run("restore", "chat", "latest", "--only", "database:main", "--into", "env:BESIDE_URL")).exitCode).toBe(0)
      expect(await cluster.value("chat_env", "SELECT count(*) FROM users")).toBe("2")

      expect(await cli.error("restore", "chat", "latest", "--into", address("chat_beside"))).toMatchObject({
        code: "TARGET_NOT_EMPTY",
        what: "database chat_beside is already there",
      })
      // The same server by another address.
      for (const host of ["127.0.0.1", "localhost"]) {
        expect(await cli.error("restore", "chat", "latest", "--into", address("chat", host))).toMatchObject({
          code: "TARGET_IS_LIVE",
          what: "database chat is in use by chat (database:main)",
        })
      }
      expect((await cli.error("restore", "chat", "latest", "--into", "env:NOT_SET")).what).toBe(
        "--into names the environment variable NOT_SET, which is not set",
      )

      const { operations } = await cli.json(operationsOutput, ["operations"])
      const beside = operations.filter((one) => one.kind === "restore").map(({ outcome, errorCode }) => errorCode ?? outcome ?? "running")
      expect(beside.toSorted()).toEqual(["TARGET_IS_LIVE", "TARGET_IS_LIVE", "TARGET_NOT_EMPTY", "succeeded", "succeeded"])
      expect(JSON.stringify(operations)).not.toContain(SUPERUSER_PASSWORD)
      expect(await everythingIn(join(directory, "state"))).not.toContain(SUPERUSER_PASSWORD)
    },
    SIX_MINUTES_MS,
  )
})
